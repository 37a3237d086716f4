/** What the families of kinds give: one draft per object, which becomes a catalog entry once it has its number. */
import type { DescribedBody } from '../../../core/described.ts';
import type { ObjectGraph } from './graph.ts';
import type { CatalogSession, Oid } from './session.ts';

/** One item of an access control list: grantor, grantee (null is PUBLIC), privilege, with grant option. Names are quoted. */
export type AclItem = readonly [
  grantor: string,
  grantee: string | null,
  privilege: string,
  grantable: boolean,
];

/** Privileges as they are, and as they would be if nobody had granted or revoked anything. */
export interface Acl {
  readonly now: readonly AclItem[];
  readonly base: readonly AclItem[];
}

/** An object that may have an owner, privileges, a comment and security labels. */
export interface Adorned {
  readonly classId: number;
  readonly oid: Oid;
  /** How COMMENT ON and SECURITY LABEL call it: `TABLE public.customer`. */
  readonly identity: string;
  /** Quoted name of the owner. */
  readonly owner?: string;
  /** The owner comes with another object: no ALTER … OWNER TO is written. */
  readonly followsOwner?: boolean;
  /** How ALTER … OWNER TO calls it, where that is not `identity`. */
  readonly ownerAs?: string;
  readonly acl?: Acl | null;
  /** How GRANT calls it, where that is not `identity`. */
  readonly grantAs?: string;
  /** The object brings a comment along: without one in the source it has to be taken away. */
  readonly comesWithComment?: boolean;
  /** Qualified name of the relation whose columns may have comments, labels and privileges. */
  readonly relation?: string;
  readonly columns?: readonly AdornedColumn[];
}

export interface AdornedColumn {
  readonly number: number;
  /** Quoted. */
  readonly name: string;
  readonly acl?: Acl | null;
}

/** An entry without number and place. */
export interface Draft {
  /** Oid of the node. */
  readonly oid: Oid;
  /** Kind of the entry; by default the kind of the node. */
  readonly kind?: string;
  readonly schema: string;
  readonly name: string;
  /** The data object it belongs to: schema and name. */
  readonly of?: readonly [schema: string, name: string];
  /** Statements that make the object. */
  readonly sql: readonly string[];
  readonly adorned?: readonly Adorned[];
  /** Statements that come after owner and privileges are as they should be. */
  readonly late?: readonly string[];
  /** Oids of relations that are locked so that others may read them or make indexes on them. */
  readonly shared?: readonly Oid[];
  /** Oids of relations that nobody else can touch meanwhile. */
  readonly exclusive?: readonly Oid[];
  /** Estimated work in bytes. */
  readonly size?: number;
  readonly traits?: readonly ('superuser' | 'secret')[];
  /** A query; a row means that the object is there already. */
  readonly exists?: string;
  /** Whatever else the target should know. */
  readonly facts?: { readonly [name: string]: string };
  /** What the object is to other engines. */
  readonly described?: DescribedBody;
  /** Entries of their own that come directly after this one. */
  readonly followers?: readonly Draft[];
}

/** What describing needs. */
export interface Drafting {
  readonly server: CatalogSession;
  readonly graph: ObjectGraph;
  /** Names something that the image will not have. */
  omit(kind: string, schema: string, name: string, reason: string): void;
}

/** Describes objects of one kind, given by their oids, in any order. */
export type Describe = (drafting: Drafting, oids: readonly Oid[]) => Promise<readonly Draft[]>;

/** What every part of the adapter must know of the server that a session reached. */
import type { ServerInfo } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Session } from './session.ts';

export type Product = 'MySQL' | 'MariaDB';

/** The oldest versions that are supported, as `version` below. */
export const OLDEST: Readonly<Record<Product, number>> = { MySQL: 80000, MariaDB: 100600 };

export interface ServerFacts {
  readonly product: Product;
  /** `major * 10000 + minor * 100 + patch`: 90704, 101119. */
  readonly version: number;
  /** `user@host` of the account that the session has the rights of. */
  readonly account: string;
  /** Whether the server writes a binary log. */
  readonly binlog: boolean;
  /** MySQL: whether transactions have global identifiers. MariaDB: always. */
  readonly gtid: boolean;
  readonly readOnly: boolean;
  /** 0: names as they are; 1: stored in lower case; 2: compared in lower case. */
  readonly lowerCaseNames: number;
  /** Tells one server from another: lanes must all reach the same. */
  readonly identity: string;
  readonly info: ServerInfo;
}

/** Settings that are worth keeping in an image, for those that the server has. */
const KEPT = [
  'character_set_server',
  'collation_server',
  'sql_mode',
  'time_zone',
  'system_time_zone',
  'lower_case_table_names',
  'default_storage_engine',
  'innodb_page_size',
  'innodb_default_row_format',
  'explicit_defaults_for_timestamp',
  'max_allowed_packet',
  'log_bin',
  'binlog_format',
  'gtid_mode',
  'gtid_domain_id',
  'server_id',
  'server_uuid',
  'server_uid',
] as const;

const ALSO = ['version', 'version_comment', 'read_only', 'port', 'hostname', 'datadir'] as const;

/** @throws DbimgError `SERVER_UNSUPPORTED` if it is none of the two products, or too old. */
export async function readFacts(session: Session): Promise<ServerFacts> {
  const names = [...KEPT, ...ALSO].map((name) => `'${name}'`).join(', ');
  const rows = await session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`, {
    what: 'The server could not be examined',
  });
  const values = new Map(rows.map((row) => [String(row.Variable_name), row.Value ?? '']));
  const value = (name: string): string => values.get(name) ?? '';
  const { product, version, text } = productOf(value('version'), value('version_comment'));
  const { account } = await session.row('SELECT CURRENT_USER() AS account');
  return {
    product,
    version,
    account: String(account),
    binlog: value('log_bin') === 'ON',
    gtid: product === 'MariaDB' || value('gtid_mode') === 'ON',
    readOnly: /^(ON|1)/.test(value('read_only')),
    lowerCaseNames: Number(value('lower_case_table_names')),
    identity: [
      value('server_uuid') || value('server_uid'),
      value('hostname'),
      value('port'),
      value('datadir'),
    ].join(' '),
    info: {
      product,
      version: text,
      settings: Object.fromEntries(
        KEPT.filter((name) => values.has(name)).map((name) => [name, value(name)]),
      ),
    },
  };
}

function productOf(version: string, comment: string): { product: Product; version: number; text: string } {
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!match) throw new DbimgError('SERVER_UNSUPPORTED', `This server is no MySQL: ${version.slice(0, 80)}`);
  const product = /mariadb/i.test(`${version} ${comment}`) ? 'MariaDB' : 'MySQL';
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  const number = major * 10000 + minor * 100 + patch;
  if (number < OLDEST[product]) {
    const oldest = product === 'MySQL' ? '8.0' : '10.6';
    throw new DbimgError('SERVER_UNSUPPORTED', `${product} ${version.slice(0, 40)} is too old.`, {
      hint: `dbimg supports ${product} ${oldest} and later; mysqldump brings older data there.`,
    });
  }
  return { product, version: number, text: `${major}.${minor}.${patch}` };
}

/** Tables and keys of one product as the other writes them. */
import { kindOf, parseCreateTable, withoutQuoted, writeCreateTable } from './catalog/create-table.ts';
import type { Fit, Misfit, Rewrite } from './fitting.ts';

/** Types that MySQL has as text. */
const AS_TEXT: Readonly<Record<string, string>> = {
  uuid: 'char(36) CHARACTER SET ascii',
  inet6: 'varchar(39) CHARACTER SET ascii',
  inet4: 'varchar(15) CHARACTER SET ascii',
};
/** VECTOR since these versions. */
const VECTOR_SINCE = { MySQL: 90000, MariaDB: 110700 } as const;

export const fitTable: Rewrite = (statement, fit, misfits) => {
  const fitItem = fit.target === 'MariaDB' ? itemForMariadb : itemForMysql;
  const fitTail = fit.target === 'MariaDB' ? tailForMariadb : tailForMysql;
  const definition = /^\s*CREATE\b/i.test(statement) ? parseCreateTable(statement) : undefined;
  if (definition === undefined) {
    // ALTER TABLE … ADD KEY …
    return fitItem(statement, fit, misfits);
  }
  return writeCreateTable({
    ...definition,
    items: definition.items.map((item) => fitItem(item, fit, misfits)).filter((item) => item !== ''),
    tail: fitTail(definition.tail, fit, misfits),
  });
};

function itemForMariadb(item: string, fit: Fit, misfits: Misfit[]): string {
  const code = withoutQuoted(item);
  const type = typeOf(code);
  if (type === 'vector' && fit.version < VECTOR_SINCE.MariaDB) {
    misfits.push({
      level: 'obstacle',
      what: `has the column ${nameOf(item)} of type VECTOR, which needs MariaDB 11.7`,
    });
  }
  if (/\bKEY\b/.test(code) && !/^`/.test(code) && /[(,]\s*\(/.test(code)) {
    misfits.push({
      level: 'obstacle',
      what: `has an index over an expression (${nameOf(item)}), which MariaDB does not have`,
    });
  }
  if (/NOT ENFORCED/i.test(code)) {
    misfits.push({
      level: 'obstacle',
      what: `has a check that is not enforced (${nameOf(item)}), which MariaDB does not have`,
    });
  }
  return outsideQuotes(item, (text) =>
    text
      .replace(/\/\*!80023 INVISIBLE \*\//g, 'INVISIBLE')
      .replace(/\/\*!80000 INVISIBLE \*\//g, 'IGNORED')
      .replace(/\/\*!80003 SRID (\d+) \*\//g, 'REF_SYSTEM_ID=$1')
      .replace(/\/\*!80016 NOT ENFORCED \*\//g, '')
      .replace(/\bgeomcollection\b/gi, 'geometrycollection')
      .replace(/\/\*!(?:5[7-9]|[6-9]\d)\d{3} [^*]*\*\//g, (comment) => {
        misfits.push({ level: 'warning', what: `loses what MariaDB does not have: ${comment}` });
        return '';
      }),
  );
}

function itemForMysql(item: string, fit: Fit, misfits: Misfit[]): string {
  const code = withoutQuoted(item);
  const type = typeOf(code);
  const name = nameOf(item);
  const refuse = (what: string): void => void misfits.push({ level: 'obstacle', what });
  if (
    /^PERIOD FOR\b/i.test(code) ||
    /\bAS ROW (START|END)\b/i.test(code) ||
    /\bWITHOUT SYSTEM VERSIONING\b/i.test(code)
  ) {
    refuse(`keeps versions of its rows (${name}), which MySQL does not do`);
  }
  if (/\bWITHOUT OVERLAPS\b/i.test(code))
    refuse(`has a key without overlaps (${name}), which MySQL does not have`);
  if (/\b(next|last)val\s*\(/i.test(code))
    refuse(`numbers ${name} from a sequence, which MySQL does not have`);
  if (type === 'xmltype') refuse(`has the column ${name} of type XMLTYPE, which MySQL does not have`);
  if (type === 'vector' && fit.version < VECTOR_SINCE.MySQL)
    refuse(`has the column ${name} of type VECTOR, which needs MySQL 9`);
  if (/^VECTOR (KEY|INDEX)\b/i.test(code)) refuse(`has a vector index (${name}), which MySQL does not have`);
  let text = item;
  const asText = type === undefined ? undefined : AS_TEXT[type];
  if (asText !== undefined) {
    if (fit.convert.includes('types')) {
      misfits.push({
        level: 'warning',
        what: `gets ${asText} for the column ${name} of type ${type?.toUpperCase()}`,
      });
      text = item.replace(/^(`(?:[^`]|``)*`\s+)\w+/, (_, before: string) => `${before}${asText}`);
    } else {
      misfits.push({
        level: 'obstacle',
        what: `has the column ${name} of type ${type?.toUpperCase()}, which MySQL does not have`,
        hint: `With ?convert=types in the URL of the target it becomes ${asText}.`,
      });
    }
  }
  return outsideQuotes(text, (part) =>
    part
      .replace(/\bIGNORED\b/g, 'INVISIBLE')
      .replace(/ REF_SYSTEM_ID=(\d+)/g, ' SRID $1')
      .replace(/ \/\*M?!100301 COMPRESSED(=\w+)?\*\//g, '')
      .replace(
        / DEFAULT (?!current_timestamp|NULL\b|\()([a-z_]+\((?:[^()]|\([^()]*\))*\))/gi,
        ' DEFAULT ($1)',
      ),
  );
}

/** Options of tables that only one product knows, and that change where and how rows lie, not what they are. */
const MYSQL_OPTIONS =
  /\s+(?:COMPRESSION|ENCRYPTION|SECONDARY_ENGINE|ENGINE_ATTRIBUTE|SECONDARY_ENGINE_ATTRIBUTE|AUTOEXTEND_SIZE|TABLESPACE)\s*=?\s*(?:'[^']*'|`[^`]*`|[\w.]+)/gi;
const MARIADB_OPTIONS =
  /\s+`?(?:PAGE_CHECKSUM|TRANSACTIONAL|ENCRYPTED|ENCRYPTION_KEY_ID|PAGE_COMPRESSED|PAGE_COMPRESSION_LEVEL)`?\s*=\s*(?:'[^']*'|\w+)/gi;
/** Of these nobody misses anything. */
const MARIADB_SILENT = /^\s+`?(PAGE_CHECKSUM|TRANSACTIONAL)/i;

function tailForMariadb(tail: string, _fit: Fit, misfits: Misfit[]): string {
  const open = tail.replace(/\/\*!(?:5[7-9]|[6-9]\d)\d{3} ([^*]*)\*\//g, ' $1');
  return open.replace(MYSQL_OPTIONS, (option) => {
    misfits.push({ level: 'warning', what: `loses the option ${option.trim()}` });
    return '';
  });
}

function tailForMysql(tail: string, _fit: Fit, misfits: Misfit[]): string {
  if (/\bWITH SYSTEM VERSIONING\b/i.test(withoutQuoted(tail))) {
    misfits.push({ level: 'obstacle', what: 'keeps versions of its rows, which MySQL does not do' });
  }
  return tail.replace(MARIADB_OPTIONS, (option) => {
    if (!MARIADB_SILENT.test(option))
      misfits.push({ level: 'warning', what: `loses the option ${option.trim()}` });
    return '';
  });
}

/** Of a column. */
function typeOf(code: string): string | undefined {
  return /^`\s+(\w+)/.exec(code)?.[1]?.toLowerCase();
}

function nameOf(item: string): string {
  return /`((?:[^`]|``)*)`/.exec(item)?.[1]?.replaceAll('``', '`') ?? kindOf(item);
}

/** Rewrites what is in no quotes of any kind. */
function outsideQuotes(text: string, rewrite: (part: string) => string): string {
  const parts = text.split(/('(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|"(?:[^"\\]|\\.|"")*")/s);
  return parts.map((part, index) => (index % 2 === 0 ? rewrite(part) : part)).join('');
}

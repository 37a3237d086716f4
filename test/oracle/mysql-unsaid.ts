/** State of a database of MySQL or MariaDB that its dump program carries without showing it, or does not carry. */
import { type MysqlProduct, mysqlName, withMysql } from '../engines/mysql.ts';

/** Each gives rows of one text column `line`, for the current database. */
const BOTH: readonly string[] = [
  `SELECT CONCAT_WS(' ', 'database', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME) AS line
   FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()`,
  `SELECT CONCAT_WS(' ', 'table', TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION,
     -- SHOW CREATE TABLE does not tell whether this one was asked for.
     TRIM(REPLACE(REPLACE(CREATE_OPTIONS, 'page_checksum=1', ''), '  ', ' ')),
     IFNULL(AUTO_INCREMENT, '-'), TABLE_COMMENT) AS line
   FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME`,
  `SELECT CONCAT_WS(' ', 'view', TABLE_NAME, CHECK_OPTION, IS_UPDATABLE, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT,
     COLLATION_CONNECTION) AS line
   FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME`,
  `SELECT CONCAT_WS(' ', 'column', TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IFNULL(CHARACTER_SET_NAME, '-'),
     IFNULL(COLLATION_NAME, '-'), IS_NULLABLE, REPLACE(IFNULL(COLUMN_DEFAULT, 'none'), CONCAT('\`', DATABASE(), '\`.'), ''), EXTRA, COLUMN_COMMENT) AS line
   FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
     AND TABLE_NAME IN (SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW')
   ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  `SELECT CONCAT_WS(' ', 'trigger', EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, TRIGGER_NAME, SQL_MODE,
     DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION) AS line
   FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1`,
  `SELECT CONCAT_WS(' ', 'routine', ROUTINE_TYPE, ROUTINE_NAME, SQL_MODE, SECURITY_TYPE, IS_DETERMINISTIC, SQL_DATA_ACCESS,
     DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION, ROUTINE_COMMENT) AS line
   FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1`,
  `SELECT CONCAT_WS(' ', 'event', EVENT_NAME, STATUS, EVENT_TYPE, TIME_ZONE, SQL_MODE, IFNULL(EXECUTE_AT, '-'),
     IFNULL(INTERVAL_VALUE, '-'), IFNULL(INTERVAL_FIELD, '-'), IFNULL(STARTS, '-'), IFNULL(ENDS, '-'), ON_COMPLETION, DEFINER,
     CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION, EVENT_COMMENT) AS line
   FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1`,
  `SELECT CONCAT_WS(' ', 'partition', TABLE_NAME, PARTITION_ORDINAL_POSITION, PARTITION_NAME, IFNULL(SUBPARTITION_NAME, '-'),
     PARTITION_COMMENT) AS line
   FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL
   ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION`,
  `SELECT CONCAT_WS(' ', 'foreign key', k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION, k.COLUMN_NAME,
     IF(k.REFERENCED_TABLE_SCHEMA = DATABASE(), 'here', k.REFERENCED_TABLE_SCHEMA), k.REFERENCED_TABLE_NAME,
     k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE, r.DELETE_RULE, r.MATCH_OPTION) AS line
   FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
     ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
   WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY 1`,
  `SELECT CONCAT_WS(' ', 'index', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, NON_UNIQUE, IFNULL(COLUMN_NAME, '-'), IFNULL(SUB_PART, '-'),
     IFNULL(COLLATION, '-'), INDEX_TYPE, INDEX_COMMENT) AS line
   FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
];

const OF_PRODUCT: { readonly [product in MysqlProduct]: readonly string[] } = {
  mysql: [
    `SELECT CONCAT_WS(' ', 'encryption', DEFAULT_ENCRYPTION) AS line FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME = DATABASE()`,
    `SELECT CONCAT_WS(' ', 'options', OPTIONS) AS line FROM information_schema.SCHEMATA_EXTENSIONS
     WHERE SCHEMA_NAME = DATABASE()`,
    `SELECT CONCAT_WS(' ', 'histogram', TABLE_NAME, COLUMN_NAME, JSON_EXTRACT(HISTOGRAM, '$."number-of-buckets-specified"'))
     AS line FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = DATABASE() ORDER BY 1`,
    `SELECT CONCAT_WS(' ', 'visible', TABLE_NAME, INDEX_NAME, IS_VISIBLE) AS line FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = DATABASE() AND SEQ_IN_INDEX = 1 ORDER BY 1`,
    `SELECT CONCAT_WS(' ', 'srid', TABLE_NAME, COLUMN_NAME, SRS_ID) AS line FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND SRS_ID IS NOT NULL ORDER BY 1`,
    `SELECT CONCAT_WS(' ', 'check', CONSTRAINT_NAME, CHECK_CLAUSE) AS line FROM information_schema.CHECK_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY 1`,
  ],
  mariadb: [
    `SELECT CONCAT_WS(' ', 'comment', SCHEMA_COMMENT) AS line FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME = DATABASE()`,
    `SELECT CONCAT_WS(' ', 'check', TABLE_NAME, CONSTRAINT_NAME, LEVEL, CHECK_CLAUSE) AS line
     FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY 1`,
    `SELECT CONCAT_WS(' ', 'ignored', TABLE_NAME, INDEX_NAME, IGNORED) AS line FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = DATABASE() AND SEQ_IN_INDEX = 1 ORDER BY 1`,
    `SELECT CONCAT_WS(' ', 'statistics', table_name, column_name, min_value, max_value, nulls_ratio, hist_type) AS line
     FROM mysql.column_stats WHERE db_name = DATABASE() ORDER BY 1`,
  ],
};

/** One line for each fact, in a fixed order. */
export async function describeMysql(product: MysqlProduct, url: string): Promise<string[]> {
  return await withMysql(url, async (session) => {
    await session.query("SET NAMES utf8mb4; SET time_zone = '+00:00'; SET sql_mode = ''");
    // Otherwise the counters are those of yesterday.
    if (product === 'mysql') await session.query('SET information_schema_stats_expiry = 0');
    const lines: string[] = [];
    const ask = async (sql: string): Promise<{ [name: string]: unknown }[]> => {
      const [rows] = await session.query(sql);
      return rows as { [name: string]: unknown }[];
    };
    for (const sql of [...BOTH, ...OF_PRODUCT[product]]) {
      // Sorted here: names that differ in case only have no order to the server.
      lines.push(...(await ask(sql)).map(({ line }) => String(line)).sort());
    }
    if (product === 'mysql') return lines;
    const sequences = await ask(
      `SELECT TABLE_NAME AS s FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE' ORDER BY 1`,
    );
    for (const { s } of sequences) {
      const [state] = await ask(`SELECT * FROM ${mysqlName(String(s))}`);
      lines.push(`sequence ${s}: ${JSON.stringify(state)}`);
    }
    return lines;
  });
}

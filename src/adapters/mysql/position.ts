/** Where a server's history stands. */
import type { Plain, Position } from '../../core/adapter.ts';
import { errorNumber } from './errors.ts';
import type { ServerFacts } from './facts.ts';
import type { Row, Session } from './session.ts';

/** `Position.value`. What may not be asked for, or is not there, is null. */
export interface BinlogPosition {
  readonly file: string | null;
  readonly offset: number | null;
  /** MySQL: the executed GTID set. MariaDB: the GTID position of the binary log. */
  readonly gtid: string | null;
  /** MariaDB, on a replica: what it has applied. */
  readonly applied?: string;
}

export async function readPosition(session: Session, facts: ServerFacts): Promise<BinlogPosition> {
  const status = await binlogStatus(session, facts);
  const place = {
    file: status?.File || null,
    offset: status?.Position == null ? null : Number(status.Position),
  };
  if (facts.product === 'MariaDB') {
    const row = await session.row(
      'SELECT @@GLOBAL.gtid_binlog_pos AS gtid, @@GLOBAL.gtid_slave_pos AS applied',
    );
    return { ...place, gtid: row.gtid || null, ...(row.applied ? { applied: row.applied } : {}) };
  }
  const { gtid } = await session.row('SELECT @@GLOBAL.gtid_executed AS gtid');
  return { ...place, gtid: gtid?.replaceAll('\n', '') || null };
}

/** The statement has another name from MySQL 8.2 on, and the old one is gone in 8.4. */
async function binlogStatus(session: Session, facts: ServerFacts): Promise<Row | undefined> {
  const name = facts.product === 'MySQL' && facts.version >= 80200 ? 'BINARY LOG' : 'MASTER';
  try {
    return (await session.query(`SHOW ${name} STATUS`))[0];
  } catch (error) {
    if (errorNumber(error) === 1227) return undefined;
    throw error;
  }
}

export async function positionOf(session: Session, value: BinlogPosition, exact: boolean): Promise<Position> {
  const row = await session.row("SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS time");
  const known = value.file !== null || value.gtid !== null;
  return {
    type: 'mysql.binlog',
    value: { ...value } as Plain,
    time: String(row.time),
    exact: exact && known,
  };
}

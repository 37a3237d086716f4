/** The MySQL adapter against the conformance suite, on MySQL 9; consistency also where there are no transactions. */
import { after, describe } from 'node:test';
import { consistency } from '../../src/testkit/consistency.ts';
import { adapterSuite } from '../../src/testkit/index.ts';
import { startMysql } from '../engines/mysql.ts';
import { mysqlSubject } from './mysql-subject.ts';

const server = startMysql({ product: 'mysql' });
after(async () => await (await server).stop());

adapterSuite('mysql on MySQL 9', async () => mysqlSubject(await server));

describe('mysql on MySQL 9, tables without transactions', () => {
  consistency(async () => mysqlSubject(await server, { engine: 'MyISAM' }));
});

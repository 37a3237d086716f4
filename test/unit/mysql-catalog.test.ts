/** What the servers write, taken apart: definitions of tables, grants, privileges. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  kindOf,
  namesIn,
  parseCreateTable,
  writeCreateTable,
} from '../../src/adapters/mysql/catalog/create-table.ts';
import { grantDraft, parseGrant } from '../../src/adapters/mysql/catalog/grants.ts';
import { parseColumnType } from '../../src/adapters/mysql/column-type.ts';
import { Privileges } from '../../src/adapters/mysql/privileges.ts';

const TABLE = `CREATE TABLE \`a(b\` (
  \`id\` int NOT NULL AUTO_INCREMENT COMMENT 'it''s ), a \\\\',
  \`e\` enum('x,y','z''),') DEFAULT 'x,y',
  \`g\` decimal(10,2) GENERATED ALWAYS AS ((\`id\` * 2)) VIRTUAL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\`\`q\` (\`e\`),
  KEY \`k\` (\`id\`,\`e\`(3)) COMMENT ')',
  FULLTEXT KEY \`f\` (\`e\`),
  SPATIAL KEY \`s\` (\`g\`),
  CONSTRAINT \`fk\` FOREIGN KEY (\`id\`) REFERENCES \`other\` (\`id\`) ON DELETE CASCADE,
  CONSTRAINT \`c\` CHECK ((\`id\` > 0))
) ENGINE=InnoDB COMMENT=') , ('
/*!50100 PARTITION BY HASH (\`id\`) PARTITIONS 4 */`;

describe('a definition of a table', () => {
  it('is taken apart outside of quotes', () => {
    const definition = parseCreateTable(TABLE);
    assert.ok(definition);
    assert.deepEqual(definition.items.map(kindOf), [
      ...[
        'column',
        'column',
        'column',
        'primary',
        'unique',
        'key',
        'fulltext',
        'spatial',
        'foreign',
        'constraint',
      ],
    ]);
    assert.match(definition.tail, /^\) ENGINE=InnoDB COMMENT='\) , \('\n/);
    assert.equal(writeCreateTable(definition), TABLE);
    assert.deepEqual(namesIn(definition.items[4] ?? ''), ['u`q', 'e']);
  });

  it('is undefined without a list', () => {
    assert.equal(parseCreateTable('CREATE TABLE `t` LIKE `u`'), undefined);
  });

  it('has types with labels as they are', () => {
    assert.deepEqual(parseColumnType("enum('a','b''c','','x,y')").labels, ['a', "b'c", '', 'x,y']);
    assert.deepEqual(parseColumnType('decimal(10,2) unsigned zerofill'), {
      name: 'decimal',
      sizes: [10, 2],
      labels: [],
      unsigned: true,
    });
  });
});

describe('a line of SHOW GRANTS', () => {
  const statement = (line: string, own?: string): string => {
    const parsed = parseGrant(line);
    assert.ok(parsed, line);
    const { body } = grantDraft(parsed, 'u@%', own);
    return (body.statements as string[])[0] as string;
  };

  it('leaves out its own database', () => {
    assert.equal(statement('GRANT SELECT ON `shop`.* TO `u`@`%`', 'shop'), 'GRANT SELECT ON * TO `u`@`%`');
    assert.equal(
      statement('GRANT SELECT (`a`), UPDATE ON `shop`.`it``s` TO `u`@`%` WITH GRANT OPTION', 'shop'),
      'GRANT SELECT (`a`), UPDATE ON `it``s` TO `u`@`%` WITH GRANT OPTION',
    );
    assert.equal(
      statement('GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`', 'shop'),
      'GRANT EXECUTE ON PROCEDURE `p` TO `u`@`%`',
    );
    assert.equal(
      statement('GRANT SELECT ON `my\\_shop`.* TO `u`@`%`', 'my_shop'),
      'GRANT SELECT ON * TO `u`@`%`',
    );
    assert.equal(
      statement('GRANT SELECT ON `other`.* TO `u`@`%`', 'shop'),
      'GRANT SELECT ON `other`.* TO `u`@`%`',
    );
  });

  it('loses what belongs to the account', () => {
    const line =
      "GRANT RELOAD ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 3";
    assert.equal(statement(line), 'GRANT RELOAD ON *.* TO `u`@`%` WITH GRANT OPTION');
    assert.equal(parseGrant("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'")?.nothing, true);
  });

  it('names roles', () => {
    const roles = parseGrant('GRANT `r`@`%`,`it``s`@`%` TO `u`@`%` WITH ADMIN OPTION');
    assert.equal(roles?.kind, 'role grant');
    assert.deepEqual(roles?.roles, ['`r`@`%`', '`it``s`@`%`']);
    assert.equal(parseGrant('GRANT `r` TO `u`@`%`')?.kind, 'role grant');
    assert.equal(parseGrant('SET DEFAULT ROLE `r` FOR `u`@`%`')?.kind, 'default role');
    assert.equal(parseGrant('GRANT PROXY ON `a`@`%` TO `u`@`%`')?.kind, 'grant');
  });

  it('is powerful if it leads to all others', () => {
    const powerful = (line: string): boolean | undefined => parseGrant(line)?.powerful;
    assert.equal(powerful('GRANT ALL PRIVILEGES ON *.* TO `u`@`%`'), true);
    assert.equal(powerful('GRANT PROCESS ON *.* TO `u`@`%` WITH GRANT OPTION'), true);
    assert.equal(powerful('GRANT PROCESS ON *.* TO `u`@`%`'), false);
    assert.equal(powerful('GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`'), false);
  });
});

describe('privileges', () => {
  it('come from the server, from databases and from patterns', () => {
    const privileges = new Privileges([
      'GRANT PROCESS, RELOAD ON *.* TO `u`@`%`',
      'GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `u`@`%`',
      'GRANT SELECT, LOCK TABLES ON `shop\\_%`.* TO `u`@`%`',
      'GRANT ALL PRIVILEGES ON `odd.db`.* TO `u`@`%`',
      'GRANT SELECT (`a`) ON `x`.`t` TO `u`@`%`',
    ]);
    assert.equal(privileges.global('RELOAD'), true);
    assert.equal(privileges.global('CLONE_ADMIN'), true);
    assert.equal(privileges.global('SELECT'), false);
    assert.equal(privileges.on('shop_1', 'LOCK TABLES'), true);
    assert.equal(privileges.on('shopx1', 'LOCK TABLES'), false);
    assert.equal(privileges.on('odd.db', 'TRIGGER'), true);
    assert.equal(privileges.on('oddxdb', 'TRIGGER'), false);
    assert.equal(privileges.on('x', 'SELECT'), false);
  });

  it('that are revoked for some databases are not held on everything', () => {
    const privileges = new Privileges([
      'GRANT SELECT ON *.* TO `u`@`%`',
      'REVOKE SELECT ON `mysql`.* FROM `u`@`%`',
    ]);
    assert.equal(privileges.global('SELECT'), false);
    assert.equal(privileges.on('mysql', 'SELECT'), false);
    assert.equal(privileges.on('shop', 'SELECT'), true);
  });
});

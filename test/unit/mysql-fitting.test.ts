/** The catalog of one product as the other takes it, and what does not fit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fit, type Fitted, fitEntry } from '../../src/adapters/mysql/fitting.ts';

const TO_MARIADB: Fit = {
  source: 'MySQL',
  target: 'MariaDB',
  version: 101100,
  collations: [
    'utf8mb4_general_ci',
    'utf8mb4_uca1400_nopad_ai_ci',
    'utf8mb4_uca1400_german2_nopad_as_cs',
    'latin1_swedish_ci',
    'utf8mb4_nopad_bin',
  ],
  engines: ['innodb', 'aria', 'myisam'],
  authentication: ['mysql_native_password', 'ed25519'],
  privileges: ['SELECT', 'INSERT', 'UPDATE'],
  convert: [],
};
const TO_MYSQL: Fit = {
  ...TO_MARIADB,
  source: 'MariaDB',
  target: 'MySQL',
  version: 90700,
  collations: ['utf8mb4_general_ci', 'utf8mb4_0900_ai_ci', 'utf8mb4_0900_bin', 'latin1_swedish_ci'],
  engines: ['innodb', 'myisam'],
  authentication: ['caching_sha2_password'],
};

function fit(by: Fit, kind: string, statement: string, body: object = {}): Fitted & { text: string } {
  const entry = {
    id: 1,
    kind,
    object: ['shop', 'x'],
    phase: 'pre-data' as const,
    body: { statements: [statement], ...body },
  };
  const fitted = fitEntry(entry, by);
  return { ...fitted, text: (fitted.entry.body as { statements: string[] }).statements.join(';') };
}

/** A table of one column or key between others. */
const table = (item: string, tail = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4') =>
  `CREATE TABLE \`x\` (\n  \`id\` int NOT NULL,\n  ${item},\n  PRIMARY KEY (\`id\`)\n) ${tail}`;

describe('MySQL into MariaDB', () => {
  const refused: readonly [what: RegExp, kind: string, statement: string][] = [
    [
      /collation utf8mb4_0900_ai_ci/,
      'table',
      table('`a` int', 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci'),
    ],
    [/`?a`? of type VECTOR/, 'table', table('`a` vector(3) DEFAULT NULL')],
    [/index over an expression \(f\)/, 'table', table('KEY `f` ((lower(`a`)))')],
    [/index over an expression/, 'index', 'ALTER TABLE `x` ADD KEY `f` (`a`,(cast(`j` as unsigned array)))'],
    [/not enforced \(c\)/, 'table', table('CONSTRAINT `c` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */')],
    [/engine NDB/, 'table', table('`a` int', 'ENGINE=ndbcluster').replace('ndbcluster', 'NDB')],
    [
      /logs in with caching_sha2_password/,
      'account',
      "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x00 REQUIRE NONE",
    ],
    [/is something that MariaDB does not have/, 'statistics', 'ANALYZE TABLE x UPDATE HISTOGRAM ON a'],
    [
      /written in a language/,
      'function',
      "CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE JAVASCRIPT AS 'return a'",
    ],
    [/sql_mode TIME_TRUNCATE_FRACTIONAL/, 'procedure', 'CREATE PROCEDURE p() SELECT 1'],
  ];
  for (const [what, kind, statement] of refused) {
    it(`refuses: ${what.source}`, () => {
      const { misfits } = fit(TO_MARIADB, kind, statement, {
        sqlMode: 'ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL',
      });
      assert.ok(
        misfits.some((misfit) => misfit.level === 'obstacle' && what.test(misfit.what)),
        JSON.stringify(misfits),
      );
    });
  }

  it('takes names in quotes for names', () => {
    const statement = table(
      "`COLLATE utf8mb4_0900_ai_ci` varchar(9) DEFAULT 'COLLATE utf8mb4_0900_ai_ci /*!80023 INVISIBLE */ ENGINE=NDB'",
    );
    const { misfits, text } = fit(TO_MARIADB, 'table', statement);
    assert.deepEqual(misfits, []);
    assert.equal(text, statement);
  });

  it('converts collations when asked, and says so', () => {
    const statement = table(
      '`a` text COLLATE utf8mb4_de_pb_0900_as_cs',
      'ENGINE=InnoDB COLLATE=utf8mb4_0900_ai_ci',
    );
    const { misfits, text } = fit({ ...TO_MARIADB, convert: ['collations'] }, 'table', statement);
    assert.deepEqual(
      misfits.map(({ level }) => level),
      ['warning', 'warning'],
    );
    assert.match(text, /COLLATE utf8mb4_uca1400_german2_nopad_as_cs/);
    assert.match(text, /COLLATE=utf8mb4_uca1400_nopad_ai_ci/);
  });

  it('writes what MariaDB calls otherwise', () => {
    const { misfits, text } = fit(
      TO_MARIADB,
      'table',
      table(
        '`g` point NOT NULL /*!80003 SRID 4326 */,\n  `h` int /*!80023 INVISIBLE */,\n  `c` geomcollection,\n  KEY `h` (`h`) /*!80000 INVISIBLE */',
      ),
    );
    assert.deepEqual(misfits, []);
    assert.match(text, /`g` point NOT NULL REF_SYSTEM_ID=4326/);
    assert.match(text, /`h` int INVISIBLE/);
    assert.match(text, /`c` geometrycollection/);
    assert.match(text, /KEY `h` \(`h`\) IGNORED/);
  });

  it('leaves out options of storage with a warning', () => {
    const { misfits, text } = fit(
      TO_MARIADB,
      'table',
      table('`a` int', "ENGINE=InnoDB COMPRESSION='zlib' /*!80016 ENCRYPTION='Y' */ COMMENT='c'"),
    );
    assert.equal(misfits.length, 2);
    assert.match(text, /ENGINE=InnoDB\s+COMMENT='c'/);
  });

  it('makes roles and default roles of its own', () => {
    assert.equal(
      fit(TO_MARIADB, 'role', "CREATE USER `r`@`%` IDENTIFIED WITH 'caching_sha2_password' ACCOUNT LOCK")
        .text,
      'CREATE ROLE `r`',
    );
    assert.equal(fit(TO_MARIADB, 'role grant', 'GRANT `r`@`%` TO `a`@`%`').text, 'GRANT `r` TO `a`@`%`');
    assert.equal(
      fit(TO_MARIADB, 'default role', 'SET DEFAULT ROLE `r`@`%` TO `a`@`%`').text,
      'SET DEFAULT ROLE `r` FOR `a`@`%`',
    );
  });

  it('leaves out privileges that are not there, and names them', () => {
    const { misfits, text } = fit(
      TO_MARIADB,
      'grant',
      'GRANT SELECT, BACKUP_ADMIN, UPDATE (`a`, `b`) ON *.* TO `a`@`%`',
    );
    assert.match(misfits[0]?.what ?? '', /: BACKUP_ADMIN$/);
    assert.equal(text, 'GRANT SELECT, UPDATE (`a`, `b`) ON *.* TO `a`@`%`');
  });
});

describe('MariaDB into MySQL', () => {
  const refused: readonly [what: RegExp, kind: string, statement: string][] = [
    [/is something that MySQL does not have/, 'sequence', 'CREATE SEQUENCE s'],
    [/is something that MySQL does not have/, 'package', 'CREATE PACKAGE p'],
    [/column u of type UUID/, 'table', table('`u` uuid DEFAULT NULL')],
    [/column i of type INET6/, 'table', table('`i` inet6 DEFAULT NULL')],
    [/keeps versions/, 'table', table('`a` int', 'ENGINE=InnoDB WITH SYSTEM VERSIONING')],
    [/keeps versions/, 'table', table('`s` timestamp(6) GENERATED ALWAYS AS ROW START')],
    [/from a sequence/, 'table', table('`a` int DEFAULT nextval(`s`)')],
    [/without overlaps/, 'table', table('UNIQUE KEY `p` (`id`,`p` WITHOUT OVERLAPS)')],
    [/engine Aria/, 'table', table('`a` int', 'ENGINE=Aria')],
    [/collation utf8mb4_uca1400_ai_ci/, 'table', table('`a` int', 'COLLATE=utf8mb4_uca1400_ai_ci')],
    [
      /aggregate function/,
      'function',
      'CREATE DEFINER=`a`@`b` AGGREGATE FUNCTION `f`() RETURNS INT BEGIN END',
    ],
    [/sql_mode ORACLE/, 'procedure', 'CREATE PROCEDURE p() SELECT 1'],
    [
      /logs in with mysql_native_password/,
      'account',
      "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*0000000000000000000000000000000000000000'",
    ],
  ];
  for (const [what, kind, statement] of refused) {
    it(`refuses: ${what.source} (${kind})`, () => {
      const { misfits } = fit(TO_MYSQL, kind, statement, { sqlMode: 'ORACLE,NO_AUTO_CREATE_USER' });
      assert.ok(
        misfits.some((misfit) => misfit.level === 'obstacle' && what.test(misfit.what)),
        JSON.stringify(misfits),
      );
    });
  }

  it('converts types and engines when asked, and says so', () => {
    const convert = ['types', 'engines', 'collations'];
    const statement = table(
      '`u` uuid NOT NULL,\n  `i` inet6',
      'ENGINE=Aria DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci PAGE_CHECKSUM=1',
    );
    const { misfits, text } = fit({ ...TO_MYSQL, convert }, 'table', statement);
    assert.deepEqual(
      misfits.map(({ level }) => level),
      ['warning', 'warning', 'warning', 'warning'],
    );
    assert.match(text, /`u` char\(36\) CHARACTER SET ascii NOT NULL/);
    assert.match(text, /`i` varchar\(39\) CHARACTER SET ascii/);
    assert.match(text, /\) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci$/);
  });

  it('puts a default that calls a function into parentheses', () => {
    const { text } = fit(
      TO_MYSQL,
      'table',
      table(
        '`a` varchar(40) DEFAULT uuid(),\n  `t` timestamp DEFAULT current_timestamp() ON UPDATE current_timestamp()',
      ),
    );
    assert.match(text, /`a` varchar\(40\) DEFAULT \(uuid\(\)\)/);
    assert.match(text, /DEFAULT current_timestamp\(\) ON UPDATE current_timestamp\(\)/);
  });

  it('keeps modes that both know', () => {
    const { entry, misfits } = fit(TO_MYSQL, 'procedure', 'CREATE PROCEDURE p() SELECT 1', {
      sqlMode: 'ANSI_QUOTES,NO_AUTO_CREATE_USER',
      collation: 'utf8mb4_uca1400_ai_ci',
    });
    assert.deepEqual(misfits, []);
    assert.equal((entry.body as { sqlMode: string }).sqlMode, 'ANSI_QUOTES');
    assert.equal((entry.body as { collation: string }).collation, 'utf8mb4_0900_ai_ci');
  });
});

it('the same product and version changes nothing', () => {
  const statement = table('`a` vector(3) /*!80023 INVISIBLE */', 'ENGINE=InnoDB COLLATE=utf8mb4_0900_ai_ci');
  const { misfits, text } = fit({ ...TO_MYSQL, source: 'MySQL' }, 'table', statement);
  assert.deepEqual(misfits, []);
  assert.equal(text, statement);
});

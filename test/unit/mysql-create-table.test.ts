/** Definitions of tables as the servers write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  namesIn,
  parseCreateTable,
  withForeignKeysQuoted,
} from '../../src/adapters/mysql/catalog/create-table.ts';

test('backquotes that MariaDB does not double in foreign keys are doubled', () => {
  const text = [
    'CREATE TABLE `child` (',
    '  `p``a` int(11) DEFAULT NULL,',
    '  `b` int(11) DEFAULT NULL,',
    '  CONSTRAINT `plain` FOREIGN KEY (`b`) REFERENCES `parent` (`b`),',
    '  CONSTRAINT `odd `fk` FOREIGN KEY (`p`a`, `b`) REFERENCES `par``ent` (`a``, `b`) ON DELETE SET NULL',
    ') ENGINE=InnoDB',
  ].join('\n');
  const quoted = withForeignKeysQuoted(text, [
    { name: 'plain', columns: ['b'], references: ['shop', 'parent'], referenced: ['b'] },
    { name: 'odd `fk', columns: ['p`a', 'b'], references: ['shop', 'par`ent'], referenced: ['a`', 'b'] },
  ]);
  const items = parseCreateTable(quoted)?.items ?? [];
  assert.equal(items.length, 4);
  assert.deepEqual(namesIn(items[3] as string), ['odd `fk', 'p`a', 'b', 'par`ent', 'a`', 'b']);
  assert.equal(items[2], 'CONSTRAINT `plain` FOREIGN KEY (`b`) REFERENCES `parent` (`b`)');
});

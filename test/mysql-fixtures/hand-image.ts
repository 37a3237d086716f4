/** A database of every phase, as entries and rows that are written by hand. */
import type { HandImage } from '../integration/mysql-target-job.ts';

export const IMAGE: HandImage = {
  entries: [
    {
      kind: 'database',
      object: ['shop'],
      phase: 'pre-data',
      statements: ['ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german1_ci'],
    },
    {
      kind: 'table',
      object: ['shop', 'parent'],
      phase: 'pre-data',
      statements: [
        'CREATE TABLE `parent` (`id` int NOT NULL AUTO_INCREMENT, `name` varchar(20) CHARACTER SET utf8mb4, PRIMARY KEY (`id`)) ENGINE=InnoDB',
      ],
    },
    {
      kind: 'table',
      object: ['shop', 'child'],
      phase: 'pre-data',
      statements: [
        "CREATE TABLE `child` (`id` int NOT NULL, `parent` int, `kind` enum('a','b'), PRIMARY KEY (`id`)) ENGINE=InnoDB",
      ],
    },
    {
      kind: 'index',
      object: ['shop', 'child', 'by_parent'],
      phase: 'post-data',
      statements: ['ALTER TABLE `child` ADD KEY `by_parent` (`parent`)'],
    },
    {
      kind: 'foreign key',
      object: ['shop', 'child', 'child_ibfk_1'],
      phase: 'post-data',
      statements: [
        'ALTER TABLE `child` ADD CONSTRAINT `child_ibfk_1` FOREIGN KEY (`parent`) REFERENCES `parent` (`id`) ON DELETE CASCADE',
      ],
    },
    {
      kind: 'view',
      object: ['shop', 'both'],
      phase: 'post-data',
      statements: [
        'CREATE SQL SECURITY INVOKER VIEW `both` AS SELECT `child`.`id` AS `id`, `parent`.`name` AS `name` FROM `child` JOIN `parent` ON `parent`.`id` = `child`.`parent`',
      ],
    },
    {
      kind: 'procedure',
      object: ['shop', 'greet'],
      phase: 'finish',
      statements: ["CREATE PROCEDURE `greet`() SELECT 'grüß Gott' AS words"],
      body: {
        sqlMode: 'ANSI_QUOTES',
        characterSet: 'latin1',
        collation: 'latin1_swedish_ci',
        databaseCollation: 'latin1_german2_ci',
      },
    },
    {
      kind: 'trigger',
      object: ['shop', 'parent', 'shout'],
      phase: 'finish',
      statements: [
        'CREATE TRIGGER `shout` BEFORE INSERT ON `parent` FOR EACH ROW SET NEW.name = UPPER(NEW.name)',
      ],
    },
    {
      kind: 'event',
      object: ['shop', 'nightly'],
      phase: 'finish',
      statements: ['CREATE EVENT `nightly` ON SCHEDULE EVERY 1 DAY DO DELETE FROM `child` WHERE `id` < 0'],
    },
    {
      kind: 'auto increment',
      object: ['shop', 'parent'],
      phase: 'finish',
      statements: ['ALTER TABLE `parent` AUTO_INCREMENT = 100'],
    },
  ],
  streams: [
    {
      object: ['shop', 'parent'],
      columns: ['id', 'name'],
      rows: [
        ['0', 'zero'],
        ['7', 'tab\there'],
      ],
    },
    {
      object: ['shop', 'child'],
      columns: ['id', 'parent', ['kind', 'number']],
      rows: [
        ['1', '7', '2'],
        ['2', '0', '0'],
        ['3', null, null],
      ],
    },
  ],
};

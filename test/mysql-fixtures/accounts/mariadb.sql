-- Accounts that MariaDB alone has.
INSTALL SONAME 'auth_ed25519';
CREATE USER IF NOT EXISTS dbimg_ed25519@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed');
CREATE USER IF NOT EXISTS dbimg_socket@localhost IDENTIFIED VIA unix_socket;
CREATE USER IF NOT EXISTS dbimg_several@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('s') OR ed25519 USING PASSWORD('e');
CREATE USER IF NOT EXISTS dbimg_invalid@localhost IDENTIFIED VIA mysql_native_password USING 'invalid';
CREATE USER IF NOT EXISTS dbimg_slow@'%' IDENTIFIED BY 'z' WITH MAX_STATEMENT_TIME 12.5;
CREATE ROLE IF NOT EXISTS dbimg_managed WITH ADMIN dbimg_plain@'%';
GRANT PROXY ON dbimg_slow@'%' TO dbimg_ed25519@'%' WITH GRANT OPTION;
SET DEFAULT ROLE dbimg_writer FOR dbimg_plain@'%';
SET DEFAULT ROLE dbimg_reader FOR dbimg_owner@localhost;
GRANT BINLOG MONITOR, CONNECTION ADMIN ON *.* TO dbimg_ed25519@'%' WITH GRANT OPTION;

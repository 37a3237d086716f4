-- Accounts of both products. The first one defines objects and exists before them.
SET NAMES utf8mb4;
CREATE USER IF NOT EXISTS dbimg_owner@localhost IDENTIFIED BY 'owner''s \\ pass🐬';
CREATE USER IF NOT EXISTS dbimg_plain@'%' IDENTIFIED BY 'p';
CREATE USER IF NOT EXISTS dbimg_nobody@'10.0.0.0/255.255.255.0';
CREATE USER IF NOT EXISTS `dbimg it's`@`%.example.com` IDENTIFIED BY 'x';
CREATE USER IF NOT EXISTS `dbimg "q" tick```@localhost IDENTIFIED BY 'y';
CREATE USER IF NOT EXISTS dbimg_tls@'%' IDENTIFIED BY 'z' REQUIRE SSL;
CREATE USER IF NOT EXISTS dbimg_x509@'%' IDENTIFIED BY 'z' REQUIRE SUBJECT '/C=DE/CN=keeper' AND ISSUER '/CN=ca' AND CIPHER 'ECDHE-RSA-AES256-GCM-SHA384';
CREATE USER IF NOT EXISTS dbimg_limited@'%' IDENTIFIED BY 'z' WITH MAX_QUERIES_PER_HOUR 10 MAX_UPDATES_PER_HOUR 20 MAX_CONNECTIONS_PER_HOUR 30 MAX_USER_CONNECTIONS 4;
CREATE USER IF NOT EXISTS dbimg_locked@'%' IDENTIFIED BY 'z' ACCOUNT LOCK;
CREATE USER IF NOT EXISTS dbimg_expired@'%' IDENTIFIED BY 'z' PASSWORD EXPIRE;
CREATE USER IF NOT EXISTS dbimg_interval@'%' IDENTIFIED BY 'z' PASSWORD EXPIRE INTERVAL 30 DAY;
CREATE ROLE IF NOT EXISTS dbimg_reader, dbimg_writer, `dbimg odd role`;
GRANT dbimg_reader TO dbimg_writer;
GRANT dbimg_writer TO dbimg_plain@'%' WITH ADMIN OPTION;
GRANT dbimg_reader TO dbimg_owner@localhost;
GRANT USAGE ON *.* TO dbimg_nobody@'10.0.0.0/255.255.255.0';
GRANT PROCESS, RELOAD ON *.* TO dbimg_limited@'%';

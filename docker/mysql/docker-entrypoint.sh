#!/bin/bash
# Keeps the interface of the official MySQL and MariaDB images: makes the data directory at the first start, runs what
# lies in /docker-entrypoint-initdb.d against it, then becomes the server. One script for both: SERVER says which.
set -Eeuo pipefail

SERVER=${DBIMG_SERVER:?mysqld or mariadbd}
DATADIR=/var/lib/mysql
SOCKET=/var/run/mysqld/mysqld.sock

# MYSQL_…_FILE names a file that holds the value; MariaDB's image knows every variable as MARIADB_… too.
setting() {
  local name other file
  for name in "MARIADB_$1" "MYSQL_$1"; do
    if [ "$SERVER" = mysqld ] && [[ $name == MARIADB_* ]]; then continue; fi
    other="${name}_FILE"
    if [ -n "${!name:-}" ] && [ -n "${!other:-}" ]; then
      echo "error: $name and $other exclude each other" >&2
      exit 1
    fi
    file=${!other:-}
    if [ -n "$file" ]; then printf '%s' "$(< "$file")"; return; fi
    if [ -n "${!name:-}" ]; then printf '%s' "${!name}"; return; fi
  done
}

# A value as a string in SQL.
quoted() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}

client() {
  if [ "$SERVER" = mysqld ]; then mysql "$@"; else mariadb "$@"; fi
}

make_data() {
  local root database user password random root_host
  root=$(setting ROOT_PASSWORD)
  random=$(setting RANDOM_ROOT_PASSWORD)
  if [ -n "$random" ]; then
    root=$(head -c 24 /dev/urandom | base64)
    echo "GENERATED ROOT PASSWORD: $root"
  fi
  if [ -z "$root" ] && [ -z "$(setting ALLOW_EMPTY_PASSWORD)$(setting ALLOW_EMPTY_ROOT_PASSWORD)" ]; then
    echo 'error: set MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD' >&2
    exit 1
  fi
  if [ "$SERVER" = mysqld ]; then
    "$@" --initialize-insecure --default-time-zone=SYSTEM
  else
    mariadb-install-db --datadir="$DATADIR" --auth-root-authentication-method=normal --skip-test-db --force > /dev/null
  fi

  # Only the socket while the scripts run, so that whoever waits for the port does not come too early.
  "$@" --skip-networking --socket="$SOCKET" &
  local server=$! waited=0
  until client -uroot --socket="$SOCKET" -e 'SELECT 1' > /dev/null 2>&1; do
    waited=$((waited + 1))
    if [ $waited -gt 600 ] || ! kill -0 "$server" 2> /dev/null; then echo 'error: the server did not start' >&2; exit 1; fi
    sleep 0.1
  done

  local login=(-uroot --socket="$SOCKET")
  if [ "$SERVER" = mysqld ]; then
    mysql_tzinfo_to_sql /usr/share/zoneinfo 2> /dev/null | client "${login[@]}" mysql > /dev/null 2>&1 || true
  else
    mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2> /dev/null | client "${login[@]}" mysql > /dev/null 2>&1 || true
  fi
  root_host=$(setting ROOT_HOST)
  root_host=${root_host:-%}
  client "${login[@]}" << SQL
SET @@SESSION.sql_log_bin = 0;
DROP USER IF EXISTS root@'127.0.0.1', root@'::1', root@'$(hostname)', ''@localhost, ''@'$(hostname)';
ALTER USER root@localhost IDENTIFIED BY $(quoted "$root");
$(if [ "$root_host" != localhost ]; then
  echo "CREATE USER root@$(quoted "$root_host") IDENTIFIED BY $(quoted "$root");"
  echo "GRANT ALL ON *.* TO root@$(quoted "$root_host") WITH GRANT OPTION;"
fi)
SQL
  if [ -n "$root" ]; then export MYSQL_PWD=$root; fi
  database=$(setting DATABASE)
  user=$(setting USER)
  password=$(setting PASSWORD)
  if [ -n "$database" ]; then client "${login[@]}" <<< "CREATE DATABASE IF NOT EXISTS \`${database//\`/\`\`}\`;"; fi
  if [ -n "$user" ]; then
    client "${login[@]}" <<< "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
    if [ -n "$database" ]; then
      # An underscore would stand for any character.
      local pattern=${database//\`/\`\`}
      client "${login[@]}" <<< "GRANT ALL ON \`${pattern//_/\\_}\`.* TO $(quoted "$user")@'%';"
    fi
  fi
  run_scripts "$database"
  kill -TERM "$server"
  wait "$server" || true
  unset MYSQL_PWD
  echo
  echo 'MySQL init process done. Ready for start up.'
  echo
}

run_scripts() {
  local run=(client -uroot --socket="$SOCKET") file
  if [ -n "$1" ]; then run+=("$1"); fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        echo "$0: running $file"
        # shellcheck disable=SC1090
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) echo "$0: running $file" && "${run[@]}" < "$file" ;;
      *.sql.bz2) echo "$0: running $file" && bunzip2 -c "$file" | "${run[@]}" ;;
      *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | "${run[@]}" ;;
      *.sql.xz) echo "$0: running $file" && xzcat "$file" | "${run[@]}" ;;
      *.sql.zst) echo "$0: running $file" && zstd -dc "$file" | "${run[@]}" ;;
      */\*) ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
}

if [ $# = 0 ] || [ "${1:0:1}" = - ]; then set -- "$SERVER" "$@"; fi

if [ "$1" = "$SERVER" ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$DATADIR" "$(dirname "$SOCKET")"
    find "$DATADIR" "$(dirname "$SOCKET")" \! -user mysql -exec chown mysql '{}' +
    exec gosu mysql "$BASH_SOURCE" "$@"
  fi
  if [ ! -d "$DATADIR/mysql" ]; then make_data "$@"; fi
fi

exec "$@"

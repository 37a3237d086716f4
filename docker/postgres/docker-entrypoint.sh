#!/bin/bash
# Keeps the interface of the official PostgreSQL image: makes the cluster at the first start, runs what lies in
# /docker-entrypoint-initdb.d against it, then becomes the server.
set -Eeuo pipefail

# POSTGRES_PASSWORD_FILE and its like name a file that holds the value.
from_file() {
  local name=$1 file_name="$1_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    echo "error: $name and $file_name exclude each other" >&2
    exit 1
  fi
  if [ -n "${!file_name:-}" ]; then export "$name"="$(< "${!file_name}")"; fi
  unset "$file_name"
}

make_cluster() {
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER
  from_file POSTGRES_DB
  from_file POSTGRES_INITDB_ARGS
  local user=${POSTGRES_USER:-postgres}
  local auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$auth" != trust ]; then
    echo 'error: set POSTGRES_PASSWORD to a password for the superuser, or POSTGRES_HOST_AUTH_METHOD=trust' >&2
    exit 1
  fi
  local password=''
  if [ -n "${POSTGRES_PASSWORD:-}" ]; then password='--pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD")'; fi
  # POSTGRES_INITDB_ARGS holds words as in a shell, quotes included.
  eval 'initdb --username="$user" '"$password ${POSTGRES_INITDB_ARGS:-}"

  printf '\nhost all all all %s\n' "$auth" >> "$PGDATA/pg_hba.conf"

  # Only the socket while the scripts run, so that whoever waits for the port does not come too early.
  PGUSER=$user pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  export PGHOST=/var/run/postgresql PGPORT=5432 PGUSER=$user PGPASSWORD=${POSTGRES_PASSWORD:-}
  local database=${POSTGRES_DB:-$user}
  if [ "$database" != postgres ]; then
    psql -v ON_ERROR_STOP=1 --no-psqlrc -d postgres --set db="$database" <<< 'CREATE DATABASE :"db";'
  fi
  run_scripts "$database"
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGHOST PGPORT PGUSER PGPASSWORD
  echo
  echo 'PostgreSQL init process complete; ready for start up.'
  echo
}

run_scripts() {
  local psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password -d "$1") file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        echo "$0: running $file"
        # shellcheck disable=SC1090
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) echo "$0: running $file" && "${psql[@]}" -f "$file" ;;
      *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | "${psql[@]}" ;;
      *.sql.xz) echo "$0: running $file" && xzcat "$file" | "${psql[@]}" ;;
      *.sql.zst) echo "$0: running $file" && zstd -dc "$file" | "${psql[@]}" ;;
      */\*) ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi

if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA"
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    exec gosu postgres "$BASH_SOURCE" "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA" || true
    make_cluster
  fi
fi

exec "$@"

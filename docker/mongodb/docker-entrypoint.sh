#!/bin/bash
# Keeps the interface of the official MongoDB image: at the first start makes the root user and runs what lies in
# /docker-entrypoint-initdb.d, then becomes the server.
set -Eeuo pipefail

DATADIR=/data/db

# MONGO_INITDB_…_FILE names a file that holds the value.
from_file() {
  local name=$1 file_name="$1_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    echo "error: $name and $file_name exclude each other" >&2
    exit 1
  fi
  if [ -n "${!file_name:-}" ]; then export "$name"="$(< "${!file_name}")"; fi
  unset "$file_name"
}

has_scripts() {
  compgen -G '/docker-entrypoint-initdb.d/*.js' > /dev/null || compgen -G '/docker-entrypoint-initdb.d/*.sh' > /dev/null
}

make_data() {
  # Neither a replica set nor a log-in while the scripts run, and nobody from outside who waits for the port.
  mongod --dbpath "$DATADIR" --bind_ip 127.0.0.1 --port 27017 --fork --logpath "$DATADIR/init.log" > /dev/null
  local shell=(mongosh --host 127.0.0.1 --port 27017 --quiet) file
  if [ -n "${MONGO_INITDB_ROOT_USERNAME:-}" ]; then
    "${shell[@]}" admin --eval 'db.createUser({
      user: process.env.MONGO_INITDB_ROOT_USERNAME,
      pwd: process.env.MONGO_INITDB_ROOT_PASSWORD,
      roles: [{ role: "root", db: "admin" }],
    })' > /dev/null
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        echo "$0: running $file"
        # shellcheck disable=SC1090
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.js) echo "$0: running $file" && "${shell[@]}" "${MONGO_INITDB_DATABASE:-test}" "$file" ;;
      */\*) ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
  mongod --dbpath "$DATADIR" --shutdown > /dev/null
  rm -f "$DATADIR/init.log"
  echo
  echo 'MongoDB init process complete; ready for start up.'
  echo
}

if [ $# = 0 ] || [ "${1:0:1}" = - ]; then set -- mongod "$@"; fi

if [ "$1" = mongod ]; then
  if [ "$(id -u)" = 0 ]; then
    find "$DATADIR" \! -user mongodb -exec chown mongodb:mongodb '{}' +
    exec gosu mongodb "$BASH_SOURCE" "$@"
  fi
  from_file MONGO_INITDB_ROOT_USERNAME
  from_file MONGO_INITDB_ROOT_PASSWORD
  if [ -n "${MONGO_INITDB_ROOT_USERNAME:-}" ] && [ -z "${MONGO_INITDB_ROOT_PASSWORD:-}" ]; then
    echo 'error: set MONGO_INITDB_ROOT_PASSWORD too' >&2
    exit 1
  fi
  if [ ! -e "$DATADIR/WiredTiger" ] && { [ -n "${MONGO_INITDB_ROOT_USERNAME:-}" ] || has_scripts; }; then make_data; fi
  if [ -n "${MONGO_INITDB_ROOT_USERNAME:-}" ]; then set -- "$@" --auth; fi
  case " $* " in
    *' --bind_ip'*) ;;
    *) set -- "$@" --bind_ip_all ;;
  esac
fi

exec "$@"

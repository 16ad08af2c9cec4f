#!/usr/bin/env bash
# Write the files that compose.yaml mounts as secrets, each with a fresh random value; what is there is left alone.
# Usage: make-secrets.sh [FOLDER]   (default: secrets beside this script, which git ignores)
set -euo pipefail

folder=${1:-"$(cd "$(dirname "$0")" && pwd)/secrets"}
umask 077
mkdir -p "$folder"

random() {
  head -c 32 /dev/urandom | base64 | tr '+/' '-_'
}

# Containers run as another user: the files are readable, the folder is closed to others.
keep() {
  if [[ ! -e $folder/$1 ]]; then
    printf '%s' "$2" > "$folder/$1"
    chmod 0444 "$folder/$1"
    echo "made $folder/$1"
  fi
}

plain() {
  random | tr -d '=\n-' | cut -c1-32
}

keep postgres_password "$(plain)"
keep airflow_database "postgresql+psycopg2://airflow:$(< "$folder/postgres_password")@postgres:5432/airflow"
keep airflow_fernet_key "$(random)"
keep airflow_jwt_secret "$(random)"
keep airflow_secret_key "$(random)"
keep airflow_admin_password "$(plain)"

key=$(plain | cut -c1-20)
secret=$(plain)
actions='["Admin", "Read", "Write", "List", "Tagging"]'
keep store_identities "{\"identities\": [{\"name\": \"daybreak\", \"credentials\": [{\"accessKey\": \"$key\", \"secretKey\": \"$secret\"}], \"actions\": $actions}]}"
environment=$(dirname "$folder")/store.env
if [[ ! -e $environment ]]; then
  key=$(sed 's/.*"accessKey": "\([^"]*\)".*/\1/' "$folder/store_identities")
  secret=$(sed 's/.*"secretKey": "\([^"]*\)".*/\1/' "$folder/store_identities")
  printf 'AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$key" "$secret" > "$environment"
  echo "made $environment"
fi

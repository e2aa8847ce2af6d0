#!/bin/sh
# The role that Grafana and analysts read with; the migrations give it its rights. Run by the image of deploy/compose.yaml
# when it creates the database, before any migration.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$AHUAL_READER_PASSWORD" --no-password --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
SELECT 'CREATE ROLE ahual_reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') \gexec
ALTER ROLE ahual_reader PASSWORD :'password';
SQL

#!/bin/bash
# Creates the database and its owner once. The owner is not a superuser, since forced row-level security does not
# apply to superusers.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v owner="${TENANT_PLANE_DB_PASSWORD:?}" <<'SQL'
create role atlas login nosuperuser nobypassrls password :'owner';
create database atlas owner atlas;
SQL

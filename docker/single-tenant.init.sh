#!/bin/bash
# Makes the one database and its plain owner once; forced row-level security binds an owner, but no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v owner="${TENANT_PLANE_DB_PASSWORD:?}" <<'SQL'
create role atlas login nosuperuser nobypassrls password :'owner';
create database atlas owner atlas;
SQL

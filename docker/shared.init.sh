#!/bin/bash
# Creates the databases and roles once. The tenant plane serves with a role that owns nothing, so that
# row-level security applies to the role.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres \
  -v cp="$CONTROL_PLANE_DB_PASSWORD" -v owner="$TENANT_PLANE_OWNER_DB_PASSWORD" \
  -v app="$TENANT_PLANE_DB_PASSWORD" <<'SQL'
create role control_plane login password :'cp';
create role tenant_plane_owner login password :'owner';
create role tenant_plane login nosuperuser nobypassrls password :'app';
create database control_plane owner control_plane;
create database tenant_plane owner tenant_plane_owner;
SQL

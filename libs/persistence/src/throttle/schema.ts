import { type ColumnTypes } from '../schema/columns';

export function createThrottles(types: ColumnTypes): string[] {
  return [
    `create table throttles (
      key varchar not null, count integer not null, window_ends_at ${types.timestamp} not null,
      constraint throttles_pk primary key (key))`,
    `create index throttles_window_ix on throttles (window_ends_at)`,
  ];
}

/**
 * The statements that create the table `known_devices`. `keys` are the columns, with their types, that come
 * first in its primary key.
 */
export function createKnownDevices(types: ColumnTypes, keys: readonly string[] = []): string[] {
  const columns = keys.map((key) => `${key} not null, `).join('');
  const before = keys.map((key) => `${key.split(' ')[0]}, `).join('');
  return [
    `create table known_devices (
      ${columns}token_hash varchar not null, user_id ${types.uuid} not null,
      created_at ${types.timestamp} not null, expires_at ${types.timestamp} not null,
      constraint known_devices_pk primary key (${before}token_hash))`,
    `create index known_devices_user_ix on known_devices (${before}user_id, created_at)`,
  ];
}

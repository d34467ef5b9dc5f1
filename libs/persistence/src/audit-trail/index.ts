export * from './audit-row';
export * from './schema';
export * from './seal';

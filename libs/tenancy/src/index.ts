export * from './ids';
export * from './infrastructure-name';
export * from './plans';
export * from './reserved-slugs';
export * from './slug';
export * from './state-machine';
export * from './tenant-host';
export * from './tenant-status';

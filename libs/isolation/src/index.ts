export * from './attempts';
export * from './controls';
export * from './party';
export * from './requests';
export * from './route-line';
export * from './send';
export * from './tenant-plane-routes';
export * from './verdict';

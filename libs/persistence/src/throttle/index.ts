export { clientNetwork } from './client-network';
export * from './known-devices';
export * from './schema';
export * from './sign-in-throttle';
export { type Allowance, Throttle } from './throttle';
export { ThrottleRow } from './throttle.entity';

export * from './app/classes-in';
export * from './app/http-app';
export * from './app/listen';
export * from './app/ongoing-answers';
export {
  AnswersWithin,
  type RequestLimits,
  TakesStream,
  takesLong,
  unsupportedMediaType,
} from './app/request-limits';
export * from './audit/audit-chain';
export * from './bounded-map';
export * from './config/environment';
export * from './config/plane-config';
export {
  CommitOutcomeUnknown,
  databaseFailure,
  databaseState,
  isStorageFault,
} from './errors/database-outage';
export * from './errors/errors';
export * from './errors/outcome-advice';
export * from './errors/storage-fault';
export * from './http/cross-origin';
export * from './http/event-stream';
export * from './http/loopback';
export * from './http/public.decorator';
export * from './http/send';
export * from './http/sent';
export * from './http/request-context';
export * from './http/when-answering';
export * from './input';
export * from './input/uuid.pipe';
export * from './input/validation.pipe';
export * from './logging/hide-passwords';
export { boundLog } from './logging/bounded-log';
export * from './logging/logger';
export * from './mail';
export * from './monitoring/health';
export * from './monitoring/metrics';
export * from './openapi/api-decorators';
export * from './openapi/contract';
export * from './openapi/serves';
export * from './outbound';
export * from './pages/link-pages';
export * from './pages/web-app';
export * from './password';
export * from './platform.module';
export * from './problems/problem-page';
export * from './problems/problem.filter';
export { refuseAtOnce } from './problems/unrouted';
export * from './processes/processes';
export * from './processes/shutdown-limit';
export * from './secrets/default-secret';
export * from './secrets/secret';
export * from './sessions/cookies';
export * from './sessions/sign-in-cookies';
export * from './sessions/sign-in.dto';
export * from './sign-on';
export * from './time/clock';
export * from './time/signal-within';
export * from './versions/expected-version';
export { IfMatch, Versioned } from './versions/versioned';

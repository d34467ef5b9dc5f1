export * from './dry-run.query';
export * from './optional.decorator';
export * from './page';
export { ToleratesUnknown } from './tolerates-unknown.decorator';

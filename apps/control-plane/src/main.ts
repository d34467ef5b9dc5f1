import 'reflect-metadata';
import {
  EnvironmentError,
  JsonLogger,
  createHttpApp,
  createPino,
  limitShutdown,
  listen,
} from '@atlas/platform';
import { AppModule } from './app.module';
import { ControlPlaneConfig } from './config/control-plane.config';
import { HTTP_APP } from './http-app.options';

async function main(): Promise<void> {
  const logger = new JsonLogger(createPino('control-plane', process.env['LOG_LEVEL'] || 'info'));
  const app = await createHttpApp(AppModule.forEnvironment(process.env), { ...HTTP_APP, logger });
  limitShutdown();
  await listen(app, app.get(ControlPlaneConfig));
  logger.log({ msg: 'The Control Plane is ready', url: await app.getUrl() });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof EnvironmentError ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
});

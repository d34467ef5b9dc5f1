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
import { installationConfig } from './config/installation-config';
import { HTTP_APP } from './http-app';

async function main(): Promise<void> {
  const config = installationConfig(process.env);
  const logger = new JsonLogger(createPino('tenant-plane', process.env['LOG_LEVEL'] || 'info'));
  const app = await createHttpApp(AppModule.forEnvironment(process.env), { ...HTTP_APP, logger });
  limitShutdown();
  await listen(app, config);
  logger.log({ msg: 'The Tenant Plane is ready', url: await app.getUrl() });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof EnvironmentError ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
});

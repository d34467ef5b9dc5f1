import 'reflect-metadata';
import { writeOpenApi } from '@atlas/platform';
import { AppModule } from './app.module';
import { HTTP_APP } from './http-app.options';

/** Writes the API's description to the file that is named as the only argument. Nothing is started. */
void writeOpenApi(
  AppModule.forEnvironment({ CONTROL_PLANE_SEALING_KEYS: `none:${Buffer.alloc(32).toString('base64')}` }),
  HTTP_APP,
);

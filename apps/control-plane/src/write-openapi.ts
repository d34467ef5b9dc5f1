import 'reflect-metadata';
import { writeOpenApi } from '@atlas/platform';
import { AppModule } from './app.module';
import { HTTP_APP } from './http-app.options';

/** Writes the OpenAPI document to the file named by the only argument, without starting the app. */
void writeOpenApi(
  AppModule.forEnvironment({ CONTROL_PLANE_SEALING_KEYS: `none:${Buffer.alloc(32).toString('base64')}` }),
  HTTP_APP,
);

import 'reflect-metadata';
import { writeOpenApi } from '@atlas/platform';
import { AppModule } from './app.module';
import { HTTP_APP } from './http-app';

/** Writes the API's description to the file that is named as the only argument. Nothing is started. */
void writeOpenApi(AppModule.forEnvironment({ ATLAS_OFFLINE_MODE: '1' }), HTTP_APP);

import 'reflect-metadata';
import { writeOpenApi } from '@atlas/platform';
import { AppModule } from './app.module';
import { HTTP_APP } from './http-app';

/** Writes the API's description to the file named as the only argument. Starts nothing. */
void writeOpenApi(AppModule.forEnvironment({ ATLAS_OFFLINE_MODE: '1' }), HTTP_APP);

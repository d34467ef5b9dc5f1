import 'reflect-metadata';
import { join } from 'node:path';
import { writeOpenApi } from '@atlas/openapi';
import { AppModule } from './app.module';
import { TENANT_PLANE_VERSION } from './config/tenant-plane-version';
import { HTTP_APP } from './http-app';

const ROOT = process.cwd();

void writeOpenApi(AppModule.forEnvironment({ ATLAS_OFFLINE_MODE: '1' }), HTTP_APP, {
  title: 'Atlas Tenant Plane',
  description:
    'Serves tenants: sign-in, onboarding, incidents, CMDB, AI. Enrols with the Control Plane, and keeps ' +
    'working while it is unreachable.',
  version: TENANT_PLANE_VERSION,
  contract: {
    tsconfig: join(ROOT, 'libs/tenant-api/tsconfig.json'),
    files: join(ROOT, 'libs/tenant-api/src/*.ts'),
  },
  // The kinds of error with which the tenant guard refuses requests before they reach any operation.
  refuses: ['unauthenticated', 'forbidden', 'not_found', 'elsewhere'],
});

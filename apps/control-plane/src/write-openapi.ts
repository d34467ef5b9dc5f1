import 'reflect-metadata';
import { join } from 'node:path';
import { writeOpenApi } from '@atlas/openapi';
import { AppModule } from './app.module';
import { CONTROL_PLANE_VERSION } from './config/version-policy';
import { HTTP_APP } from './http-app.options';

const ROOT = process.cwd();

void writeOpenApi(
  AppModule.forEnvironment({ CONTROL_PLANE_SEALING_KEYS: `none:${Buffer.alloc(32).toString('base64')}` }),
  HTTP_APP,
  {
    title: 'Atlas Control Plane',
    description:
      'Provisions tenants and places them on tenant planes. Tenant planes enrol here, pull their desired ' +
      'state, report on it and call AI models through the gateway.',
    version: CONTROL_PLANE_VERSION,
    contract: {
      tsconfig: join(ROOT, 'apps/control-plane/tsconfig.json'),
      files: join(ROOT, 'apps/control-plane/src/access/serves.ts'),
    },
  },
);

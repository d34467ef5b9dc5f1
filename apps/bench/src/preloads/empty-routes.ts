import 'reflect-metadata';
import { Public } from '@atlas/platform';
import { Controller, type DynamicModule, Get, HttpCode } from '@nestjs/common';
import { builtExports } from '../built-app';

interface App {
  forEnvironment(env: NodeJS.ProcessEnv): DynamicModule;
}

const { SignedByTenantPlane } = builtExports<{ SignedByTenantPlane(): MethodDecorator }>(
  'control-plane',
  'access/access.decorators.js',
);
const { AppModule } = builtExports<{ AppModule: App }>('control-plane', 'app.module.js');

/** Two empty routes that differ only in who may call them. */
@Controller('bench')
class EmptyController {
  @SignedByTenantPlane()
  @Get('signed')
  @HttpCode(204)
  signed(): void {
    // Only the guard runs.
  }

  @Public()
  @Get('unsigned')
  @HttpCode(204)
  unsigned(): void {
    // Nothing runs at all.
  }
}

const forEnvironment = AppModule.forEnvironment.bind(AppModule);
AppModule.forEnvironment = (env) => {
  const module = forEnvironment(env);
  return { ...module, controllers: [...(module.controllers ?? []), EmptyController] };
};

import 'reflect-metadata';
import { Public } from '@atlas/platform';
import { Controller, type DynamicModule, Get, HttpCode } from '@nestjs/common';
import { builtExports } from '../built-app';

interface App {
  forEnvironment(env: NodeJS.ProcessEnv): DynamicModule;
}

const { SignedByTenantPlane } = builtExports<{ SignedByTenantPlane(): MethodDecorator }>(
  'control-plane',
  'accounts/access.guard.js',
);
const { AppModule } = builtExports<{ AppModule: App }>('control-plane', 'app.module.js');

/** Two calls that do nothing and differ in who may make them. */
@Controller('bench')
class EmptyController {
  @SignedByTenantPlane()
  @Get('signed')
  @HttpCode(204)
  signed(): void {
    // The guard is all there is.
  }

  @Public()
  @Get('unsigned')
  @HttpCode(204)
  unsigned(): void {
    // Not even that.
  }
}

const forEnvironment = AppModule.forEnvironment.bind(AppModule);
AppModule.forEnvironment = (env) => {
  const module = forEnvironment(env);
  return { ...module, controllers: [...(module.controllers ?? []), EmptyController] };
};

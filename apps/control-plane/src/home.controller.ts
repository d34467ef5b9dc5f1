import { ApiExcludeController, Public } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';

/** Where to look, for who has nothing but the address. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  @Get()
  home() {
    return {
      name: 'Atlas Control Plane',
      links: { help: '/help', docs: '/docs', openapi: '/openapi.json', ready: '/health/ready' },
    };
  }
}

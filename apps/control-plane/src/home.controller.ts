import { ApiExcludeController, Public } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';

/** Serves the root URL, which points visitors to the docs. */
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

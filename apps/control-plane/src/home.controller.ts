import { ApiExcludeController, Public } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';
import { HTTP_APP } from './http-app.options';

/** Points visitors who know only the address to the docs. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  @Get()
  home() {
    return {
      name: HTTP_APP.title,
      links: { help: '/help', docs: '/docs', openapi: '/openapi.json', ready: '/health/ready' },
    };
  }
}

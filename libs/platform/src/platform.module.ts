import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Clock, SystemClock } from './time/clock';
import { Draining, HealthController, READINESS_CHECKS, type ReadinessChecks } from './monitoring/health';
import { HelpController } from './pages/help.controller';
import { PageAssetsController } from './pages/link-pages';
import { type MailOptions } from './mail';
import { MAIL_OPTIONS, Mailer } from './mail/mailer';
import { METRICS_OPTIONS, Metrics, MetricsController, type MetricsOptions } from './monitoring/metrics';
import { OngoingAnswers } from './app/ongoing-answers';
import { PasswordChecks } from './password';
import { WEB_OPTIONS, type WebOptions } from './http/web-security';

export interface PlatformOptions {
  /** The system's clock by default. */
  readonly clock?: Clock;
  readonly imports?: ModuleMetadata['imports'];
  readonly inject: NonNullable<Extract<Provider, { useFactory: unknown }>['inject']>;
  /** Called with the providers that `inject` lists. */
  readonly useFactory: (...parts: never[]) => {
    metrics: MetricsOptions;
    readinessChecks: ReadinessChecks;
    web: WebOptions;
    mail: MailOptions;
  };
}

const OPTIONS = Symbol('PLATFORM_OPTIONS');
type Options = ReturnType<PlatformOptions['useFactory']>;

/** The infrastructure that both planes share: clock, health, metrics, mail, help and the assets of pages. */
@Module({})
export class PlatformModule {
  static forRootAsync(options: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false }), ...(options.imports ?? [])],
      controllers: [HealthController, HelpController, MetricsController, PageAssetsController],
      providers: [
        { provide: OPTIONS, inject: options.inject, useFactory: options.useFactory },
        { provide: METRICS_OPTIONS, inject: [OPTIONS], useFactory: (all: Options) => all.metrics },
        { provide: READINESS_CHECKS, inject: [OPTIONS], useFactory: (all: Options) => all.readinessChecks },
        { provide: WEB_OPTIONS, inject: [OPTIONS], useFactory: (all: Options) => all.web },
        { provide: MAIL_OPTIONS, inject: [OPTIONS], useFactory: (all: Options) => all.mail },
        { provide: Clock, useValue: options.clock ?? new SystemClock() },
        Metrics,
        Draining,
        Mailer,
        OngoingAnswers,
        PasswordChecks,
      ],
      exports: [Clock, Mailer, Metrics, OngoingAnswers, PasswordChecks],
    };
  }
}

import { type FactoryProvider, type Type } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { type AiProviderName } from '../../config/provider-names';
import { AiProvider } from './ai-provider';
import { OpenAiCompatibleProvider } from './openai-compatible.provider';

/** Every supported kind of AI provider. */
const AI_PROVIDERS: Readonly<Record<AiProviderName, Type<AiProvider>>> = {
  openai_compatible: OpenAiCompatibleProvider,
};

export const CONFIGURED_AI_PROVIDER: FactoryProvider<AiProvider> = {
  provide: AiProvider,
  inject: [ControlPlaneConfig],
  useFactory: (config: ControlPlaneConfig) => new AI_PROVIDERS[config.AI_PROVIDER](config),
};

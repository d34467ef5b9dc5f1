/** The values of AI_PROVIDER. */
export const AI_PROVIDER_NAMES = ['openai_compatible'] as const;
export type AiProviderName = (typeof AI_PROVIDER_NAMES)[number];

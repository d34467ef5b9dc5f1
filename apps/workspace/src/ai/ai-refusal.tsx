import { Alert, Text } from '@mantine/core';
import { type Problem } from '@atlas/web';
import { useContext } from 'react';
import { PageLink } from '../links';
import { isAtLeast } from '../roles';
import { SessionUser } from '../session';

const TITLES: Readonly<Record<string, string>> = {
  ai_not_allowed: 'AI is off',
  ai_feature_not_allowed: 'This is not allowed here',
  ai_unavailable: 'The AI did not answer',
  ai_timeout: 'The AI took too long',
  ai_rate_limited: 'The AI has too much to do',
  ai_tenant_busy: 'The AI has too much to do',
  ai_request_refused: 'The AI refused the question',
  ai_answer_unreadable: 'The answer could not be used',
  model_not_in_plan: 'Your plan has no AI model',
  control_plane_unreachable: 'The Control Plane cannot be reached',
};

/** What a detail tells programs that an admin can send. In step with the plane's ai/ai.errors.ts. */
const FOR_PROGRAMS = / An admin [^.:]*: PUT \/api\/ai\/settings \{.*?\}+\./g;

/** Why an AI did not answer, and who can change that. */
function AiRefusal({ problem: { code, detail, trace_id: reference } }: { readonly problem: Problem }) {
  const sentences = detail.replace(FOR_PROGRAMS, '');
  return (
    <Alert color="orange" role="alert" title={TITLES[code]}>
      {sentences} {sentences !== detail && <AiSettingsLink />}
      {reference !== undefined && (
        <Text size="xs" mt="xs">
          Reference: {reference}
        </Text>
      )}
    </Alert>
  );
}

export const AI_REFUSALS = Object.fromEntries(Object.keys(TITLES).map((code) => [code, AiRefusal]));

/** Leads admins to where they can change it, and the others to an admin. */
export function AiSettingsLink() {
  const user = useContext(SessionUser);
  if (!user || !isAtLeast(user.role, 'admin')) return <>An admin can change this.</>;
  return (
    <PageLink to="/settings/ai" size="sm">
      Change this in the settings
    </PageLink>
  );
}

import { Anchor, Table, Text } from '@mantine/core';
import { Section, type TenantPlaneSchemas } from '@atlas/web';
import { HINT_TITLES } from './hint-titles';

/** How the plane is deployed, and what that means for the tenant. */
export function Model({
  deployment,
}: {
  readonly deployment: TenantPlaneSchemas['schemas']['DeploymentView'];
}) {
  return (
    <Section title={`Model: ${deployment.profile}`}>
      <Table variant="vertical" layout="fixed">
        <Table.Tbody>
          {deployment.hints.map(({ kind, text, doc }) => (
            <Table.Tr key={kind}>
              <Table.Th scope="row" w={130} style={{ verticalAlign: 'top' }}>
                {HINT_TITLES[kind]}
              </Table.Th>
              <Table.Td>
                <Text size="sm" span>
                  {text}
                </Text>{' '}
                {/* The plane serves this page, not the app. */}
                <Anchor size="sm" underline="always" href={doc}>
                  Read more
                </Anchor>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

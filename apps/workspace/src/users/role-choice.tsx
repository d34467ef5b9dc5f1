import { Radio, Stack } from '@mantine/core';
import { type Role } from '../roles';
import { DUTIES, ROLES, roleOf } from './user';

interface RoleChoiceProps {
  readonly value: Role;
  readonly onChange: (role: Role) => void;
  readonly error?: string;
  /** Why the role cannot be changed. */
  readonly fixedBecause?: string;
}

export function RoleChoice({ value, onChange, error, fixedBecause }: RoleChoiceProps) {
  return (
    <Radio.Group
      label="Role"
      description={fixedBecause}
      value={value}
      onChange={(text) => onChange(roleOf(text) ?? value)}
      error={error}
    >
      <Stack gap="xs" mt="xs">
        {ROLES.map((role) => (
          <Radio
            key={role}
            value={role}
            label={role}
            description={DUTIES[role]}
            disabled={fixedBecause !== undefined}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}

import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { show } from '@atlas/web';
import { RouterProvider } from '@tanstack/react-router';
import { queries } from './api';
import { router } from './router';

show(<RouterProvider router={router} />, queries);

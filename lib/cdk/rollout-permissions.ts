/** Actions on resources, as a statement of a policy has them. */
export interface Permission {
  readonly actions: string[];
  readonly resourceArns: string[];
}

/** ARNs of what a rollout deals with. */
export interface RolloutArns {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** What it takes to find a migration by its name, and to read its metrics and alarms. */
export function findPermissions(application: string, partsProfile: string): Permission[] {
  return [
    // CloudWatch and the list of applications know no resources.
    {
      actions: [
        "appconfig:ListApplications",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
      ],
      resourceArns: ["*"],
    },
    { actions: ["appconfig:ListConfigurationProfiles"], resourceArns: [application] },
    {
      actions: ["appconfig:ListHostedConfigurationVersions"],
      resourceArns: [application, partsProfile],
    },
    {
      actions: ["appconfig:GetHostedConfigurationVersion"],
      resourceArns: [application, partsProfile, `${partsProfile}/hostedconfigurationversion/*`],
    },
  ];
}

/** What it takes to look at a rollout: each action on what it is about, and on what that is in. */
export function lookPermissions({ application, environment, profile }: RolloutArns): Permission[] {
  return [
    { actions: ["appconfig:ListDeployments"], resourceArns: [application, environment] },
    {
      actions: ["appconfig:GetDeployment"],
      resourceArns: [application, environment, `${environment}/deployment/*`],
    },
    {
      actions: ["appconfig:GetHostedConfigurationVersion"],
      resourceArns: [application, profile, `${profile}/hostedconfigurationversion/*`],
    },
  ];
}

/** What it takes to move a migration, beside looking at it. */
export function movePermissions(
  { application, environment, profile }: RolloutArns,
  strategies: readonly string[],
): Permission[] {
  return [
    {
      actions: [
        "appconfig:ListHostedConfigurationVersions",
        "appconfig:CreateHostedConfigurationVersion",
      ],
      resourceArns: [application, profile],
    },
    {
      actions: ["appconfig:StartDeployment"],
      resourceArns: [application, environment, profile, ...strategies],
    },
    {
      actions: ["appconfig:StopDeployment"],
      resourceArns: [application, environment, `${environment}/deployment/*`],
    },
  ];
}

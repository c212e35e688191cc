// Drives an Octopus Server with Octopus' own client through the kinds that official_client.mjs leaves out: every
// repository class that the client has, and its own base class for kinds without one. Arguments: the folder in which the
// client is installed, and the server's URL; the key is in OCTOPUS_API_KEY. Prints one JSON object: the kinds driven.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "./recorded.mjs";

const [folder, instanceURL] = process.argv.slice(2);
const library = load(folder);
const {
    BasicRepository, BuildInformationRepository, Client, DeploymentProcessRepository, EnvironmentRepository,
    EnvironmentV2Repository, LifecycleRepository, OverwriteMode, PackageRepository, ProjectGroupRepository,
    ProjectRepository, ReleaseRepository, RunbookProcessRepository, RunbookRepository, RunbookSnapshotRepository,
    SpaceRepository, SpaceScopedBasicRepository, TagSetRepository, TenantRepository, checkForCapability,
    spaceScopedRoutePrefix, userGetCurrent,
} = library;

const space = "Default";
const client = await Client.create({ instanceURL, apiKey: process.env.OCTOPUS_API_KEY, userAgentApp: "sandbox-check" });
const driven = [];

function inSpace(path) {
    return new SpaceScopedBasicRepository(client, space, `${spaceScopedRoutePrefix}/${path}`, "skip,take,ids,partialName");
}

// Create, get, list, modify; the modified document.
async function roundTrip(kind, repository, resource, change) {
    const created = await repository.save(resource);
    const found = await repository.get(created.Id);
    assert.deepEqual(found, created, kind);
    const listed = await repository.list({ ids: [created.Id], skip: 0, take: 10 });
    assert.deepEqual(listed.Items.map((item) => item.Id), [created.Id], kind);
    const modified = await repository.save({ ...found, ...change });
    for (const [key, value] of Object.entries(change)) assert.deepEqual(modified[key], value, `${kind}.${key}`);
    assert.deepEqual(await repository.get(created.Id), modified, kind);
    driven.push(kind);
    return modified;
}

async function gone(repository, resource) {
    await repository.del(resource);
    await assert.rejects(() => repository.get(resource.Id), (error) => error.StatusCode === 404);
}

const secret = { HasValue: true, NewValue: "s3cret" };
const template = { Name: "Colour", DisplaySettings: { "Octopus.ControlType": "SingleLineText" } };

// What needs nothing else, through the client's base class.
const environments = new EnvironmentRepository(client, space);
const environment = await environments.create({ Name: "Testing" });
const plain = {
    accounts: [{ Name: "Robot", AccountType: "UsernamePassword", Username: "r", Password: secret }, { Username: "s" }],
    certificates: [{ Name: "Web", CertificateData: secret }, { Notes: "Renew" }],
    machinepolicies: [{ Name: "Strict" }, { Description: "More" }],
    proxies: [{ Name: "Out", Host: "p.example", Port: 80 }, { Port: 81 }],
    workerpools: [{ Name: "Static", WorkerPoolType: "StaticWorkerPool" }, { Description: "More" }],
    actiontemplates: [{ Name: "Say", ActionType: "Octopus.Script", Properties: { A: "1" } }, { Properties: { A: "2" } }],
    teams: [{ Name: "Shop", MemberUserIds: [], ExternalSecurityGroups: [] }, { Description: "More" }],
    machines: [
        { Name: "web", Roles: ["web"], EnvironmentIds: [environment.Id], Endpoint: { CommunicationStyle: "None" } },
        { Roles: ["db"] },
    ],
};
for (const [path, [resource, change]] of Object.entries(plain)) {
    const repository = inSpace(path);
    await gone(repository, await roundTrip(path, repository, resource, change));
}
const roles = new BasicRepository(client, "~/api/userroles", "skip,take,ids,partialName");
const role = { Name: "Reader", GrantedSpacePermissions: ["ProjectView"], GrantedSystemPermissions: [] };
await gone(roles, await roundTrip("userroles", roles, role, { GrantedSpacePermissions: [] }));
const users = new BasicRepository(client, "~/api/users", "skip,take,ids,filter");
await gone(users, await roundTrip("users", users, { Username: "ann", DisplayName: "Ann" }, { DisplayName: "Anna" }));

// Spaces, and sorting.
const spaces = new SpaceRepository(client);
const me = await userGetCurrent(client);
assert.equal(await checkForCapability(client, "CreateReleaseCommandV1", "2022.3"), null);
assert.match(await checkForCapability(client, "NoSuchCommand", "2022.3"), /does not support NoSuchCommand/);
const other = await roundTrip(
    "spaces", spaces, { Name: "Second", SpaceManagersTeams: [], SpaceManagersTeamMembers: [me.Id] }, { Description: "2" });
await spaces.modify({ ...other, TaskQueueStopped: true });
await gone(spaces, other);
const second = await environments.create({ Name: "Production" });
await environments.sort([second.Id, environment.Id]);
assert.deepEqual((await environments.list({})).Items.map((item) => item.Id), [second.Id, environment.Id]);
const tagSets = new TagSetRepository(client, space);
const tagSet = await roundTrip("tagsets", tagSets, { Name: "Region", Tags: [{ Name: "North" }] }, { Description: "Where" });
await tagSets.sort([tagSet.Id]);

// A project, with a channel and a trigger.
const lifecycle = (await new LifecycleRepository(client, space).list({})).Items[0];
const group = (await new ProjectGroupRepository(client, space).list({})).Items[0];
const projects = new ProjectRepository(client, space);
const project = await projects.create(
    { Name: "Web", ProjectGroupId: group.Id, LifecycleId: lifecycle.Id, Templates: [template], TenantedDeploymentMode: "Tenanted" });
const channels = inSpace("channels");
const channel = await roundTrip("channels", channels, { Name: "Beta", ProjectId: project.Id }, { Description: "Early" });
const trigger = {
    Name: "Deploy", ProjectId: project.Id, Action: { ActionType: "AutoDeploy" },
    Filter: { FilterType: "MachineFilter", EnvironmentIds: [environment.Id], Roles: [], EventGroups: [], EventCategories: [] },
};
const triggers = inSpace("projecttriggers");
await gone(triggers, await roundTrip("projecttriggers", triggers, trigger, { IsDisabled: true }));

// Releases and runbook snapshots.
const releases = new ReleaseRepository(client, space);
const made = await releases.create({ spaceName: space, ProjectName: "Web", ReleaseVersion: "1.0.0", ChannelName: "Beta" });
assert.equal((await releases.get(made.ReleaseId)).ChannelId, channel.Id);
assert.equal((await releases.listForProject(project.Id)).Items[0].Version, "1.0.0");
assert.equal((await releases.list()).TotalResults, 1);
driven.push("releases");
const retention = { QuantityToKeep: 100, ShouldKeepForever: false };
const runbooks = new RunbookRepository(client, space, project);
const runbook = await runbooks.create({ Name: "Restart", ProjectId: project.Id, RunRetentionPolicy: retention });
const snapshot = await new RunbookSnapshotRepository(client, space, project).create(runbook, "First", true, "Notes");
assert.equal((await runbooks.get(runbook.Id)).PublishedRunbookSnapshotId, snapshot.Id);
driven.push("runbooksnapshots");

// Tenants, and their variables in both forms.
const tenants = new TenantRepository(client, space);
const tenant = await roundTrip(
    "tenants", tenants, { Name: "Acme", TenantTags: ["Region/North"], ProjectEnvironments: { [project.Id]: [environment.Id] } },
    { Description: "Customer" });
assert.ok((await tenants.tagTest([tenant.Id], ["Region/North"]))[tenant.Id].IsMatched);
const templateId = project.Templates[0].Id;
const variables = await tenants.getVariables(tenant);
assert.equal((await tenants.missingVariables({ tenantId: tenant.Id }, true))[0].MissingVariables.length, 1);
variables.ProjectVariables[project.Id].Variables[environment.Id][templateId] = "red";
const said = await tenants.setVariables(tenant, variables);
assert.equal(said.ProjectVariables[project.Id].Variables[environment.Id][templateId], "red");
const rows = await tenants.getProjectVariables(tenant, true);
assert.deepEqual(rows.Variables.map((row) => [row.TemplateId, row.Value]), [[templateId, "red"]]);
assert.deepEqual(rows.MissingVariables, []);
const row = { OwnerId: project.Id, TemplateId: templateId, Value: "blue", Scope: { EnvironmentIds: [environment.Id] } };
const after = await tenants.modifyProjectVariables(tenant, { Variables: [row] });
assert.equal(after.Variables[0].Value, "blue");
assert.deepEqual((await tenants.modifyCommonVariables(tenant, { Variables: [] })).Variables, []);
assert.deepEqual((await tenants.getCommonVariables(tenant)).Variables, []);
const back = await tenants.modifyProjectVariablesById(tenant.Id, { Variables: [{ ...row, Value: "green" }] });
assert.deepEqual((await tenants.getProjectVariablesById(tenant.Id)).Variables, back.Variables);
await tenants.modifyCommonVariablesById(tenant.Id, { Variables: [] });
assert.deepEqual((await tenants.getCommonVariablesById(tenant.Id, true)).MissingVariables, []);
driven.push("tenantvariables");

// Packages and build information.
const files = await mkdtemp(join(tmpdir(), "octopus-"));
try {
    const file = join(files, "Shop.Web.1.2.3.zip");
    await writeFile(file, "not really a zip");
    const packages = new PackageRepository(client, space);
    await packages.push([file], OverwriteMode.FailIfExists);
    const listed = await packages.list({ filter: "shop" });
    assert.deepEqual(listed.Items.map((item) => [item.PackageId, item.Version]), [["Shop.Web", "1.2.3"]]);
    await assert.rejects(() => packages.push([file], OverwriteMode.FailIfExists));
    const information = {
        spaceName: space, BuildEnvironment: "CI", BuildNumber: "7", BuildUrl: "https://ci.example/7", Branch: "main",
        VcsType: "Git", VcsRoot: "https://git.example", VcsCommitNumber: "abc",
        Packages: [{ Id: "Shop.Web", Version: "1.2.3" }], Commits: [{ Id: "abc", Comment: "Fix" }],
    };
    await new BuildInformationRepository(client, space).push(information, OverwriteMode.OverwriteExisting);
    const pushed = await packages.get(listed.Items[0].Id);
    assert.equal(pushed.PackageVersionBuildInformation.BuildNumber, "7");
    driven.push("packages", "build-information");
} finally {
    await rm(files, { recursive: true });
}

// Environments of all types.
const parentPath = `${spaceScopedRoutePrefix}/parentEnvironments`;
const parent = await client.doCreate(parentPath, { spaceName: space, Name: "Previews" });
await channels.create(
    { Name: "Previews", ProjectId: project.Id, Type: "EphemeralEnvironment", ParentEnvironmentId: parent.Id });
const ephemeral = await environments.createEphemeralEnvironment("pr-1", project.Id);
const all = await new EnvironmentV2Repository(client, space).list({ take: 10 });
assert.deepEqual(all.Items.map((item) => item.Type), ["Static", "Static", "Parent", "Ephemeral"]);
assert.ok((await environments.getEphemeralEnvironmentProjectStatus(ephemeral.Id, project.Id)).Status);
await environments.deprovisionEphemeralEnvironmentForProject(ephemeral.Id, project.Id);
const anywhere = await environments.createEphemeralEnvironment("pr-2", project.Id);
assert.equal((await environments.getEnvironmentByName("PR-2")).Id, anywhere.Id);
await environments.deprovisionEphemeralEnvironment(anywhere.Id);
assert.equal(await environments.getEnvironmentByName("pr-2"), null);
const summary = await environments.summary({ partialName: "test" });
assert.deepEqual(summary.EnvironmentSummaries.map((one) => one.Environment.Name), ["Testing"]);
assert.deepEqual((await environments.machines(environment)).Items, []);
assert.deepEqual((await environments.variablesScopedOnlyToThisEnvironment(environment)).VariableMap, {});
driven.push("environments/v2");

await gone(tenants, tenant);
await gone(projects, project);

// A version-controlled project: process and runbooks on its branch.
const inGit = await projects.create({ Name: "In Git", ProjectGroupId: group.Id, LifecycleId: lifecycle.Id });
const git = `${spaceScopedRoutePrefix}/projects/${inGit.Id}/git`;
const repository = {
    Type: "VersionControlled", Url: "https://git.example/shop.git", DefaultBranch: "main", BasePath: ".octopus",
    Credentials: { Type: "Anonymous" },
};
await client.doCreate(`${git}/convert`, { spaceName: space, VersionControlSettings: repository, ChangeDescription: "c" });
await client.doCreate(`${git}/migrate-runbooks`, { spaceName: space, Branch: "main", CommitMessage: "Move" });
const ref = "refs/heads/main";
const processes = new DeploymentProcessRepository(client, space);
const step = {
    Name: "Say", Properties: {}, Condition: "Success", StartTrigger: "StartAfterPrevious",
    Actions: [{ Name: "Say", ActionType: "Octopus.Script", Properties: { "Octopus.Action.Script.ScriptBody": "echo" } }],
};
const onBranch = await processes.getByGitRef(inGit, ref);
const saved = await processes.updateByGitRef(inGit, { ...onBranch, Steps: [step] }, ref);
assert.equal(saved.Version, onBranch.Version + 1);
const gitRunbooks = new RunbookRepository(client, space, inGit);
const gitRunbook = await gitRunbooks.createWithGitRef({ Name: "Back up", RunRetentionPolicy: retention }, ref);
const read = await gitRunbooks.getWithGitRef(gitRunbook.Slug, ref);
const changed = await gitRunbooks.modifyWithGitRef({ ...read, Description: "Nightly" }, ref);
assert.equal(changed.Description, "Nightly");
const gitProcesses = new RunbookProcessRepository(client, space, inGit);
const itsProcess = await gitProcesses.getWithGitRef(read, ref);
assert.equal((await gitProcesses.updateWithGitRef({ ...itsProcess, Steps: [step] }, ref)).Steps.length, 1);
await gitRunbooks.deleteWithGitRef(changed, ref);
await assert.rejects(() => gitRunbooks.getWithGitRef(gitRunbook.Slug, ref), (error) => error.StatusCode === 404);
driven.push("git");

console.log(JSON.stringify({ driven, repositories: library.report() }));
process.exit(0); // the client leaves the connections of its uploads open, which would keep Node waiting

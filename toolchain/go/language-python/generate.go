// The rest of this package is Pulumi's own language host, from the module that go.mod requires: toolchain/gobuild.py
// lays that package's files beside this one.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
)

// codegenProgram lies beside the host. It is built from the CLI's version of Pulumi's modules (../python-codegen).
const codegenProgram = "pulumi-python-codegen"

// GenerateProgram answers the CLI's question for Python code, as after `pulumi import`.
func (host *pythonLanguageHost) GenerateProgram(
	ctx context.Context, request *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// Fields that this version of the protocol does not know yet go through unharmed.
	message, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	var answer, problem bytes.Buffer
	command := exec.CommandContext(ctx, filepath.Join(filepath.Dir(self), codegenProgram))
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(message), &answer, &problem
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", codegenProgram, err, bytes.TrimSpace(problem.Bytes()))
	}
	response := &pulumirpc.GenerateProgramResponse{}
	if err := proto.Unmarshal(answer.Bytes(), response); err != nil {
		return nil, err
	}
	return response, nil
}

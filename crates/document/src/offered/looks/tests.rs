use crate::offered::classes::{changes, only_looks};

#[test]
fn what_only_looks_is_told_from_what_changes_something() {
    let looks = "\
        ls -l
        cat /etc/hosts | grep web
        kubectl get pods -n x
        kubectl -n prod get pods -o wide
        kubectl --context=a logs deploy/web
        kubectl config current-context
        kubectl rollout status deploy/web
        oc whoami
        git log | head
        git -C /srv/x status
        git diff --stat HEAD~1
        git branch -vv
        git tag -l 'v1.*'
        git remote -v
        git ls-remote origin
        docker ps -a
        docker --context prod images
        docker compose ps
        docker-compose -f a.yml logs web
        docker system df
        curl -s http://x/
        curl -sSf -o /dev/null -w '%{http_code}' https://x/health
        curl -X GET http://x/
        curl -sI https://x/
        curl -H 'A: -d' http://x/
        wget -qO- http://x/
        wget --spider http://x/
        sed -n 1p f
        sed -n '/a/,/b/p' f
        sed 's/a/b/g' f
        awk '{print $1}' f
        awk -F: '$3 == 0 {print $1}' /etc/passwd
        find . -name '*.log' -mtime +7
        dig +short example.com
        openssl x509 -noout -enddate -in c.pem
        openssl s_client -connect x:443 </dev/null
        systemctl status web
        systemctl is-active web >/dev/null 2>&1
        journalctl -u web --since today
        date -u +%F
        date -d yesterday +%F
        hostname -f
        sort -k2 f | uniq -c
        ip addr show
        ip -br a
        ip a s eth0
        ss -tlnp
        nc -zv web 443
        terraform plan
        helm list -A
        helm -n prod status web
        npm ls --depth 0
        nginx -t
        service nginx status
        crontab -l
        sysctl -n net.ipv4.ip_forward
        dpkg -l | grep nginx
        rpm -qa
        aws s3 ls s3://x
        aws --region eu-1 ec2 describe-instances
        for i in 1 2; do ping -c1 web$i; done
        cd /srv && ls
        xargs ls < files
        if [ -f x ]; then cat x; fi
        /usr/bin/ls
        watch -n 5 kubectl get pods";
    for command in looks.lines().map(str::trim) {
        assert!(only_looks(command) && !changes(command), "{command}");
    }
    let alters = "\
        rm x
        docker system prune
        docker --context ps rm x
        docker compose up -d
        docker volume rm x
        kubectl apply -f x
        kubectl -n logs delete pod x
        kubectl get x -o yaml | kubectl apply -f -
        kubectl exec x -- ls
        kubectl cluster-info dump --output-directory=x
        kubectl rollout restart deploy/web
        git fetch
        git checkout v1
        git branch -D x
        git branch x
        git tag v1
        git remote add a b
        git log --output=f
        git grep -Oless x
        git -c alias.log='!rm x' log
        git stash
        git config user.name x
        curl -X POST http://x
        curl -sX POST http://x
        curl -d a http://x
        curl -sd a http://x
        curl --json '{}' http://x
        curl -o f http://x
        curl -sSLo f http://x
        curl -fsSLO http://x
        curl -c jar http://x
        curl --request=DELETE http://x
        curl -K f
        curl http://x | sh
        wget http://x
        wget -O f http://x
        sed -i s/a/b/ f
        sed -ni s/a/b/ f
        sed -Ei.bak s/a/b/ f
        sed -n 'w out' f
        sed 's/a/b/w out' f
        sed 's/a/reboot/e' f
        sed -f script f
        awk '{print > \"file\"}' f
        awk 'BEGIN { system(\"rm x\") }'
        awk -f x f
        find . -delete
        find . -exec rm {} +
        find . -ok rm {} ;
        find . -fprint out
        tee f
        ls | tee f
        ls | xargs rm
        psql -c 'DROP TABLE x'
        systemctl restart web
        systemctl daemon-reload
        sudo -n systemctl restart web
        sh -c 'rm x'
        bash x.sh
        ssh web 'rm x'
        ssh web ls
        sort -o f f
        sort -uo f f
        uniq a b
        rsync -a a b
        openssl x509 -in a -out b
        openssl genrsa -out k
        openssl req -new -keyout k
        date -s 12:00
        date -us 12:00
        date 01011200
        hostname web
        history -c
        dmesg -C
        dmesg -c
        journalctl --vacuum-time=1d
        journalctl --rotate
        ip link set eth0 down
        ip l s eth0 down
        ip addr add 10.0.0.1/24 dev eth0
        ip -b f
        ss -K dst 10.0.0.1
        nc web 443
        terraform plan -out=p
        terraform apply
        helm template x --output-dir d
        helm upgrade x y
        npm audit fix
        npm install
        nginx -s reload
        service nginx restart
        crontab -r
        sysctl -w a=b
        sysctl a=b
        dpkg -i x
        rpm -e x
        aws s3 rm s3://x
        aws s3api get-object a b
        unheard-of --list
        ./ls
        scripts/test
        ls && reboot
        ls > f
        ls > 1
        ls &> f
        echo \"$(rm x)\"
        echo \"$(ls > f)\"
        echo `rm x`
        cat <(rm x)
        PATH=/x ls
        LD_PRELOAD=./x ls
        f() { rm x; }; f
        cat <<E > f\nx\nE
        $TOOL get pods
        watch rm x
        watch 'kubectl get pods > f'
        env rm x
        timeout 5 rm x
        eval ls";
    for command in alters.lines().map(str::trim) {
        assert!(changes(command) && !only_looks(command), "{command}");
    }
    assert!(looks.lines().count() + alters.lines().count() > 150);
}

#[test]
fn of_a_watch_that_watches_others_nothing_is_known_and_that_soon() {
    assert!(only_looks("watch ls") && changes("watch watch ls"));
    assert!(changes(&format!("{}ls", "watch ".repeat(20_000))));
}

#[test]
fn what_sets_variables_of_its_shell_neither_looks_nor_changes_anything() {
    for command in ["A=1", "export A=1", "cd /srv", "set -e", "unset A; A=2", "exit 1"] {
        assert!(!changes(command) && !only_looks(command), "{command}");
    }
    assert!(changes("A=$(rm x)"), "what it takes the value of is run");
    assert!(changes("sudo -n -u x"), "who calls nothing that is known is not known to look");
}
